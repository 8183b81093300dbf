"""impacket: logs in, gets a ticket, and says what comes of it.

with-impacket.py PORT password|key NAME@REALM PASSWORD|KEY [SERVICE...]
"""
import sys

from impacket.krb5 import constants, kerberosv5
from impacket.krb5.asn1 import TGS_REP
from impacket.krb5.types import Principal
from pyasn1.codec.der import decoder


class Ports:
    """The socket module for a KDC on another port than 88, which impacket has built in."""

    def __getattr__(self, attribute):
        return getattr(sockets, attribute)

    def getaddrinfo(self, host, port, *more):
        return sockets.getaddrinfo(host, sys.argv[1], *more)


sockets = kerberosv5.socket
kerberosv5.socket = Ports()


def exchange(kind, client, secret, *services):
    name, realm = client.split('@')
    user = Principal(name, type=constants.PrincipalNameType.NT_PRINCIPAL.value)
    password, key = (secret, '') if kind == 'password' else ('', secret)
    tgt, cipher, _, session = kerberosv5.getKerberosTGT(user, password, realm, b'', b'', key, '127.0.0.1')
    print('logged in with enctype', cipher.enctype)
    for service in services:
        target = Principal(service, type=constants.PrincipalNameType.NT_SRV_INST.value)
        reply, *_ = kerberosv5.getKerberosTGS(target, realm, '127.0.0.1', tgt, cipher, session)
        ticket = decoder.decode(reply, asn1Spec=TGS_REP())[0]['ticket']
        print('/'.join(map(str, ticket['sname']['name-string'])), 'in', ticket['realm'])


try:
    exchange(*sys.argv[2:])
except kerberosv5.KerberosError as error:
    sys.exit(str(error))
