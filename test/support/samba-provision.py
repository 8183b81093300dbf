# Makes the files of an Active Directory domain controller: JSON on standard input, all of it in one process, as Samba's
# own tool takes half a second for every account.
import json
import logging
import os
import sys

import ldb
import samba.dckeytab  # gives Net its export_keytab
from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.net import Net
from samba.param import LoadParm
from samba.provision import provision

spec = json.load(sys.stdin)
logger = logging.getLogger("provision")
logger.addHandler(logging.StreamHandler(sys.stderr))
logger.setLevel(logging.ERROR)
realm = provision(
    logger,
    system_session(),
    targetdir=spec["dir"],
    realm=spec["realm"],
    domain=spec["domain"],
    hostname="dc1",
    hostip="127.0.0.1",
    adminpass=spec["password"],
    serverrole="dc",
    dns_backend="NONE",
    dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
    batch_mode=True,
)
db = realm.samdb


def change(dn, attributes):
    message = ldb.Message(ldb.Dn(db, str(dn)))
    for name, value in attributes.items():
        message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
    db.modify(message)


db.transaction_start()
# Its own services, which a daemon would add that does not run.
controller = ldb.Message(ldb.Dn(db, "CN=DC1,OU=Domain Controllers,%s" % db.domain_dn()))
controller["services"] = ldb.MessageElement(spec["services"], ldb.FLAG_MOD_ADD, "servicePrincipalName")
db.modify(controller)
change(db.domain_dn(), spec["domainAttributes"])
for group in spec["groups"]:
    db.newgroup(group)
for user in spec["users"]:
    name = user["name"]
    db.newuser(name, user.get("password", spec["password"]))
    dn = "CN=%s,CN=Users,%s" % (name, db.domain_dn())
    if user.get("attributes"):
        change(dn, user["attributes"])
    for group in user.get("groups", []):
        db.add_remove_group_members(group, [name], add_members_operation=True)
db.transaction_commit()

for principal in spec["keytab"]:
    Net(None, realm.lp).export_keytab(keytab=os.path.join(spec["dir"], "service.keytab"), principal=principal)
