"""python3-gssapi: logs in, opens contexts, and says what comes of it.

with-gssapi.py password|keytab NAME PASSWORD|KEYTAB [open SERVICE | forward SERVICE NEXT]
"""
import sys

import gssapi
from gssapi.raw import acquire_cred_with_password

kind, client, secret, *words = sys.argv[1:]


def name(text):
    return gssapi.Name(text, gssapi.NameType.kerberos_principal)


def login():
    if kind == 'password':
        return acquire_cred_with_password(name(client), secret.encode(), usage='initiate').creds
    store = {'client_keytab': secret, 'ccache': 'MEMORY:client'}
    return gssapi.Credentials(name=name(client), usage='initiate', store=store)


def step(initiator, service, acceptor):
    token = initiator.step()
    while token is not None:
        token = initiator.step(acceptor.step(token)) if not acceptor.complete else None
    message = acceptor.unwrap(initiator.wrap(b'hello', True).message).message
    print(service, 'hears', message.decode(), 'of', acceptor.initiator_name)
    return acceptor.delegated_creds


def open_context(credentials, service, flags=gssapi.RequirementFlag.mutual_authentication):
    initiator = gssapi.SecurityContext(name=name(service), creds=credentials, usage='initiate', flags=flags)
    return step(initiator, service, gssapi.SecurityContext(usage='accept'))


try:
    credentials = login()
    if words[:1] == ['open']:
        open_context(credentials, words[1])
    elif words[:1] == ['forward']:
        flags = gssapi.RequirementFlag.mutual_authentication | gssapi.RequirementFlag.delegate_to_peer
        open_context(open_context(credentials, words[1], flags), words[2])
except gssapi.exceptions.GSSError as error:
    sys.exit(str(error))
