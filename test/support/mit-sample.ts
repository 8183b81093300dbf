import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { linesOf } from './lines.ts';
import { findProgram } from './peers.ts';

// The sample client and service of MIT krb5, which distributions do not package: the same few calls of its library,
// krb5_sendauth and krb5_recvauth, which are what speaks and judges here. Suites are `describePeer('mit-sample', …)`.

const LIBRARY = `
import socket, sys
from ctypes import *
krb5 = CDLL('libkrb5.so.3')
class Data(Structure):
    _fields_ = [('magic', c_int32), ('length', c_uint), ('data', c_char_p)]
class Authenticator(Structure):
    _fields_ = [('magic', c_int32), ('client', c_void_p)]
class Error(Structure):
    _fields_ = [(name, c_int32) for name in ('magic', 'ctime', 'cusec', 'susec', 'stime', 'error')] + [
        ('client', c_void_p), ('server', c_void_p), ('text', Data)]
VERSION, MUTUAL, SRV_HST = b'KRB5_sample_protocol_v1.0', 0x20000000, 3
krb5.krb5_get_error_message.restype = c_void_p
krb5.krb5_get_error_message.argtypes = [c_void_p, c_int32]
def message(context, code):
    return string_at(krb5.krb5_get_error_message(context, code)).decode()
def need(context, code):
    if code: raise SystemExit('%d %s' % (code, message(context, code)))
def start():
    context, server = c_void_p(), c_void_p()
    need(None, krb5.krb5_init_context(byref(context)))
    need(context, krb5.krb5_sname_to_principal(context, sys.argv[1].encode(), b'sample', SRV_HST, byref(server)))
    return context, server
`;

const SERVICE = `${LIBRARY}
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
while True:
    peer, _ = listener.accept()
    context, server = start()
    auth, ticket, fd = c_void_p(), c_void_p(), c_int(peer.fileno())
    code = krb5.krb5_recvauth(context, byref(auth), byref(fd), VERSION, server, 0, None, byref(ticket))
    if code:
        print('refused', message(context, code), flush=True)
    else:
        authenticator, name = POINTER(Authenticator)(), c_char_p()
        need(context, krb5.krb5_auth_con_getauthenticator(context, auth, byref(authenticator)))
        need(context, krb5.krb5_unparse_name(context, c_void_p(authenticator.contents.client), byref(name)))
        text = b'You are ' + name.value + b'\\n'
        peer.sendall(len(text).to_bytes(2, 'big') + text)
        print('accepted', name.value.decode(), flush=True)
    peer.close()
`;

const CLIENT = `${LIBRARY}
context, server = start()
peer = socket.create_connection(('127.0.0.1', int(sys.argv[2])))
cache, client, auth, fd = c_void_p(), c_void_p(), c_void_p(), c_int(peer.fileno())
need(context, krb5.krb5_cc_default(context, byref(cache)))
need(context, krb5.krb5_cc_get_principal(context, cache, byref(client)))
host = sys.argv[1].encode()
checksum, error, reply = Data(0, len(host), host), POINTER(Error)(), c_void_p()
code = krb5.krb5_sendauth(context, byref(auth), byref(fd), VERSION, client, server, MUTUAL,
                          byref(checksum), None, cache, byref(error), byref(reply), None)
if error:
    text = error.contents.text
    print('rejected', error.contents.error, string_at(text.data, text.length).decode())
elif code:
    need(context, code)
else:
    lines = peer.makefile('rb')
    print(lines.read(int.from_bytes(lines.read(2), 'big')).decode(), end='')
`;

/** Runs MIT's sample client for \`sample/localhost\` against a port of 127.0.0.1; resolves to what it prints. */
export function runMitSampleClient(port: number, env: Readonly<Record<string, string>>): Promise<string> {
  const child = runPython(CLIENT, ['localhost', `${port}`], env);
  let output = '';
  child.stdout.on('data', text => {
    output += text;
  });
  child.stderr.on('data', text => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}

/** MIT's sample service, for one client after the other. */
export interface MitSampleService {
  readonly port: number;
  /** What it says of the next client that it has not spoken of yet: \`accepted NAME\` or \`refused REASON\`. */
  verdict(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts MIT's sample service for \`sample/localhost\` with the keytab and the replay cache of \`env\`. */
export async function startMitSampleService(
  env: Readonly<Record<string, string>>,
): Promise<MitSampleService> {
  const child = runPython(SERVICE, ['localhost'], env);
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  process.once('exit', () => child.kill('SIGKILL'));
  const lines = linesOf(child);
  return {
    port: Number(await lines()),
    verdict: lines,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function runPython(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcessWithoutNullStreams {
  const child = spawn(findProgram('python3')!, ['-c', script, ...args], { env, timeout: 60_000 });
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  child.stdin.end();
  return child;
}
