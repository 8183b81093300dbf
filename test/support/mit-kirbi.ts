import { spawnSync } from 'node:child_process';
import { findProgram } from './peers.ts';

// The two calls of MIT's library that write and read a KRB-CRED, without a key and so in clear: krb5_mk_ncred and
// krb5_rd_cred. No program of its own does that. Suites are `describePeer('mit-sample', …)`.

const LIBRARY = `
import sys
from ctypes import *
krb5 = CDLL('libkrb5.so.3')
class Data(Structure):
    _fields_ = [('magic', c_int32), ('length', c_uint), ('data', c_void_p)]
krb5.krb5_get_error_message.restype = c_char_p
def need(code):
    if code: raise SystemExit(krb5.krb5_get_error_message(context, code).decode())
context, cache, auth = c_void_p(), c_void_p(), c_void_p()
need(krb5.krb5_init_context(byref(context)))
need(krb5.krb5_cc_resolve(context, sys.argv[1].encode(), byref(cache)))
need(krb5.krb5_auth_con_init(context, byref(auth)))
need(krb5.krb5_auth_con_setflags(context, auth, 0))
def field(credential, number):
    return c_void_p(cast(credential, POINTER(c_void_p))[number])
`;

const WRITE = `${LIBRARY}
cursor, credentials = c_void_p(), []
need(krb5.krb5_cc_start_seq_get(context, cache, byref(cursor)))
while True:
    credential = create_string_buffer(1024)
    if krb5.krb5_cc_next_cred(context, cache, byref(cursor), credential): break
    if not krb5.krb5_is_config_principal(context, field(credential, 2)): credentials.append(credential)
array = (c_void_p * (len(credentials) + 1))(*[addressof(each) for each in credentials], None)
message = POINTER(Data)()
need(krb5.krb5_mk_ncred(context, auth, array, byref(message), None))
sys.stdout.buffer.write(string_at(message.contents.data, message.contents.length))
`;

const READ = `${LIBRARY}
text = sys.stdin.buffer.read()
buffer = create_string_buffer(text, len(text))
message, credentials = Data(0, len(text), addressof(buffer)), POINTER(c_void_p)()
need(krb5.krb5_rd_cred(context, auth, byref(message), byref(credentials), None))
need(krb5.krb5_cc_initialize(context, cache, field(credentials[0], 1)))
number = 0
while credentials[number]:
    need(krb5.krb5_cc_store_cred(context, cache, c_void_p(credentials[number])))
    number += 1
`;

/** The KRB-CRED that MIT's library makes of the tickets in a cache. */
export function mitWriteKirbi(cache: string): Uint8Array {
  return runPython(WRITE, cache);
}

/** Has MIT's library put the tickets of a KRB-CRED into a cache, which is made anew. */
export function mitReadKirbi(kirbi: Uint8Array, cache: string): void {
  runPython(READ, cache, kirbi);
}

function runPython(script: string, cache: string, input?: Uint8Array): Uint8Array {
  const env = { KRB5_CONFIG: '/dev/null', LC_ALL: 'C.UTF-8' };
  const options = { env, input: input ?? '', timeout: 20_000, maxBuffer: 1 << 24 };
  const { status, stdout, stderr } = spawnSync(findProgram('python3')!, ['-c', script, cache], options);
  if (status !== 0) throw new Error(stderr.toString());
  return Uint8Array.from(stdout);
}
