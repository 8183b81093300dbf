"""MIT's libkrb5 through ctypes: answers each line `ROW SECONDS` with what it did in that time, in JSON."""
import ctypes
import json
import os
import resource
import sys
import time
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_uint, c_void_p

krb5 = ctypes.CDLL('libkrb5.so.3')
GC_NO_STORE = 8


class Keyblock(ctypes.Structure):
    _fields_ = [('magic', c_int32), ('enctype', c_int32), ('length', c_uint), ('contents', c_void_p)]


class Data(ctypes.Structure):
    _fields_ = [('magic', c_int32), ('length', c_uint), ('data', c_void_p)]


class Creds(ctypes.Structure):
    _fields_ = [
        ('magic', c_int32),
        ('client', c_void_p),
        ('server', c_void_p),
        ('keyblock', Keyblock),
        ('times', c_int32 * 4),
        ('is_skey', c_uint),
        ('ticket_flags', c_int32),
        ('addresses', c_void_p),
        ('ticket', Data),
        ('second_ticket', Data),
        ('authdata', c_void_p),
    ]


krb5.krb5_get_error_message.restype = c_void_p
krb5.krb5_get_init_creds_keytab.argtypes = [c_void_p, c_void_p, c_void_p, c_void_p, c_int32, c_char_p, c_void_p]
krb5.krb5_get_init_creds_password.argtypes = [
    *[c_void_p] * 3, c_char_p, c_void_p, c_void_p, c_int32, c_char_p, c_void_p
]  # fmt: skip
krb5.krb5_get_credentials.argtypes = [c_void_p, c_int32, c_void_p, c_void_p, c_void_p]
krb5.krb5_free_cred_contents.argtypes = [c_void_p, c_void_p]
krb5.krb5_free_creds.argtypes = [c_void_p, c_void_p]
krb5.krb5_cc_initialize.argtypes = [c_void_p] * 3
krb5.krb5_cc_store_cred.argtypes = [c_void_p] * 3
krb5.krb5_parse_name.argtypes = [c_void_p, c_char_p, c_void_p]
krb5.krb5_kt_resolve.argtypes = [c_void_p, c_char_p, c_void_p]
krb5.krb5_cc_resolve.argtypes = [c_void_p, c_char_p, c_void_p]
krb5.krb5_get_init_creds_opt_alloc.argtypes = [c_void_p, c_void_p]
krb5.krb5_get_init_creds_opt_set_pa.argtypes = [c_void_p, c_void_p, c_char_p, c_char_p]

lab = json.loads(sys.argv[1])


class Client:
    def __init__(self, config):
        os.environ['KRB5_CONFIG'] = config
        self.context = c_void_p()
        check(None, krb5.krb5_init_context(byref(self.context)))
        self.client = self.made(krb5.krb5_parse_name, lab['client'].encode())
        self.service = self.made(krb5.krb5_parse_name, lab['service'].encode())
        self.keytab = self.made(krb5.krb5_kt_resolve, lab['keytab'].encode())
        self.options = c_void_p()
        self.check(krb5.krb5_get_init_creds_opt_alloc(self.context, byref(self.options)))

    def made(self, function, *arguments):
        handle = c_void_p()
        self.check(function(self.context, *arguments, byref(handle)))
        return handle

    def check(self, code):
        check(self.context, code)

    def by_keytab(self):
        creds = Creds()
        self.check(
            krb5.krb5_get_init_creds_keytab(
                self.context, byref(creds), self.client, self.keytab, 0, None, self.options
            )
        )
        krb5.krb5_free_cred_contents(self.context, byref(creds))

    def by_password(self, password=lab['password'].encode()):
        creds = Creds()
        self.check(
            krb5.krb5_get_init_creds_password(
                self.context, byref(creds), self.client, password, None, None, 0, None, self.options
            )
        )
        krb5.krb5_free_cred_contents(self.context, byref(creds))

    def by_certificate(self):
        self.by_password(None)

    def with_identity(self):
        self.check(
            krb5.krb5_get_init_creds_opt_set_pa(
                self.context, self.options, b'X509_user_identity', lab['identity'].encode()
            )
        )
        return self

    def with_ticket(self):
        self.cache = self.made(krb5.krb5_cc_resolve, b'MEMORY:bench')
        self.check(krb5.krb5_cc_initialize(self.context, self.cache, self.client))
        creds = Creds()
        self.check(
            krb5.krb5_get_init_creds_keytab(
                self.context, byref(creds), self.client, self.keytab, 0, None, self.options
            )
        )
        self.check(krb5.krb5_cc_store_cred(self.context, self.cache, byref(creds)))
        return self

    def by_ticket(self):
        wanted = Creds(client=self.client, server=self.service)
        creds = c_void_p()
        self.check(
            krb5.krb5_get_credentials(self.context, GC_NO_STORE, self.cache, byref(wanted), byref(creds))
        )
        krb5.krb5_free_creds(self.context, creds)


def check(context, code):
    if code != 0:
        raise RuntimeError(ctypes.string_at(krb5.krb5_get_error_message(context, c_int(code))).decode())


configs = lab['configs']
rows = {
    'keytab': lambda: Client(configs['timestamp']).by_keytab,
    'password': lambda: Client(configs['timestamp']).by_password,
    'spake': lambda: Client(configs['spake']).by_keytab,
    'pkinit': lambda: Client(configs['pkinit']).with_identity().by_certificate,
    'tgs': lambda: Client(configs['timestamp']).with_ticket().by_ticket,
}
ready = {}


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


for line in sys.stdin:
    row, seconds = line.split()
    once = ready.get(row) or ready.setdefault(row, rows[row]())
    start, used, done = time.monotonic(), cpu(), 0
    while time.monotonic() - start < float(seconds):
        once()
        done += 1
    result = {'done': done, 'seconds': time.monotonic() - start, 'cpu': cpu() - used}
    print(json.dumps(result), flush=True)
