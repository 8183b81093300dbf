import { spawn } from 'node:child_process';
import { killAtExit } from './daemons.ts';
import { linesOf } from './lines.ts';
import { findProgram } from './peers.ts';

// One side of a context in a GSS-API library, MIT's or Heimdal's, through its C interface; requests and answers are
// lines of JSON. Suites are `describePeer('mit-gss', …)` and `describePeer('heimdal-gss', …)`.

const SCRIPT = `
import json, sys
from ctypes import *
options = json.loads(sys.argv[1])
lib = CDLL(options['library'])
class Oid(Structure):
    _fields_ = [('length', c_uint32), ('elements', c_char_p)]
class Oids(Structure):
    _fields_ = [('count', c_size_t), ('elements', POINTER(Oid))]
class Data(Structure):
    _fields_ = [('length', c_size_t), ('value', c_void_p)]
class Bindings(Structure):
    _fields_ = [('initiator_type', c_uint32), ('initiator', Data), ('acceptor_type', c_uint32), ('acceptor', Data),
                ('application', Data)]
minor, kept = c_uint32(), []
def oid(dotted):
    first, second, *rest = map(int, dotted.split('.'))
    out = []
    for arc in [40 * first + second, *rest]:
        digits = [arc & 127]
        while arc > 127:
            arc >>= 7
            digits.insert(0, arc & 127 | 128)
        out += digits
    return Oid(len(out), bytes(out))
def oids(dotted):
    array = (Oid * len(dotted))(*map(oid, dotted))
    kept.append(array)
    return Oids(len(dotted), array)
def dotted(pointer):
    data = string_at(pointer.contents.elements, pointer.contents.length)
    arcs, arc = [], 0
    for byte in data:
        arc = arc << 7 | byte & 127
        if byte < 128:
            arcs.append(arc)
            arc = 0
    return '.'.join(map(str, [arcs[0] // 40, arcs[0] % 40, *arcs[1:]]))
def given(text):
    raw = bytes.fromhex(text)
    buffer = create_string_buffer(raw, len(raw) or 1)
    kept.append(buffer)
    return Data(len(raw), cast(buffer, c_void_p))
def taken(data):
    return string_at(data.value, data.length).hex() if data.length else None
def texts(status, kind):
    more, text = c_uint32(), Data()
    lib.gss_display_status(byref(minor), c_uint32(status), kind, None, byref(more), byref(text))
    return string_at(text.value, text.length).decode()
def need(major):
    if major & 0xffff0000:
        code = minor.value
        raise RuntimeError('%s: %s' % (texts(major & 0xffffffff, 1), texts(code, 2)))
    return major
def name_of(cred):
    name, text = c_void_p(), Data()
    need(lib.gss_inquire_cred(byref(minor), cred, byref(name), None, None, None))
    need(lib.gss_display_name(byref(minor), name, byref(text), None))
    return string_at(text.value, text.length).decode()
class Context:
    context, name, cred, mech = c_void_p(), c_void_p(), c_void_p(), POINTER(Oid)()
    delegated, bindings = c_void_p(), None
    def __init__(self):
        if options.get('bindings'):
            self.bindings = byref(Bindings(0, Data(), 0, Data(), given(options['bindings'])))
        usage = 1 if options['side'] == 'initiator' else 2
        if usage == 1:
            host = given(options['target'].encode().hex())
            need(lib.gss_import_name(byref(minor), byref(host), byref(oid('1.2.840.113554.1.2.1.4')), byref(self.name)))
        if usage == 2 or options.get('negotiable'):
            need(lib.gss_acquire_cred(byref(minor), None, c_uint32(0xffffffff), byref(oids([options['mechanism']])),
                                      usage, byref(self.cred), None, None))
        if options.get('negotiable'):
            need(lib.gss_set_neg_mechs(byref(minor), self.cred, byref(oids(options['negotiable']))))
    def step(self, token):
        data, out, flags = given(token or ''), Data(), c_uint32()
        if options['side'] == 'initiator':
            major = lib.gss_init_sec_context(
                byref(minor), self.cred, byref(self.context), self.name, byref(oid(options['mechanism'])),
                c_uint32(options['flags']), c_uint32(0), self.bindings, byref(data) if token else None,
                byref(self.mech), byref(out), byref(flags), None)
        else:
            source = c_void_p()
            major = lib.gss_accept_sec_context(
                byref(minor), byref(self.context), self.cred, byref(data), self.bindings, byref(source),
                byref(self.mech), byref(out), byref(flags), None, byref(self.delegated))
        try:
            need(major)
        except RuntimeError as error:
            return {'error': str(error), 'token': taken(out)}
        done = not major & 1
        return {'token': taken(out), 'complete': done, 'flags': flags.value,
                'delegated': name_of(self.delegated) if done and self.delegated else None,
                'mechanism': dotted(self.mech) if done and self.mech else None}
    def wrap(self, message, seal=1):
        data, out, sealed = given(message), Data(), c_int()
        need(lib.gss_wrap(byref(minor), self.context, seal, 0, byref(data), byref(sealed), byref(out)))
        return {'token': taken(out)}
    def sign(self, message):
        return self.wrap(message, 0)
    def unwrap(self, token):
        data, out = given(token), Data()
        need(lib.gss_unwrap(byref(minor), self.context, byref(data), byref(out), None, None))
        return {'token': taken(out)}
    def mic(self, message):
        data, out = given(message), Data()
        need(lib.gss_get_mic(byref(minor), self.context, 0, byref(data), byref(out)))
        return {'token': taken(out)}
    def verify(self, both):
        message, token = map(given, both.split(','))
        need(lib.gss_verify_mic(byref(minor), self.context, byref(message), byref(token), None))
        return {}
    def prf(self, message):
        data, out = given(message), Data()
        need(lib.gss_pseudo_random(byref(minor), self.context, 0, byref(data), c_ssize_t(100), byref(out)))
        return {'token': taken(out)}
for line in sys.stdin:
    call, value = json.loads(line)
    if call == 'new':
        context = Context()
        print('{}', flush=True)
        continue
    try:
        print(json.dumps(getattr(context, call)(value)), flush=True)
    except RuntimeError as error:
        print(json.dumps({'error': str(error)}), flush=True)
`;

export type GssLibraryName = 'mit' | 'heimdal';

export interface GssLibraryOptions {
  readonly side: 'initiator' | 'acceptor';
  /** The object identifier in dotted form. */
  readonly mechanism: string;
  /** The mechanisms that SPNEGO may negotiate, in this order; supported by MIT's library only. */
  readonly negotiable?: readonly string[];
  /** The target as `service@host`; for the initiator. */
  readonly target?: string;
  /** GSS_C_*_FLAG; for the initiator. */
  readonly flags?: number;
  /** The application data of channel bindings. */
  readonly bindings?: Uint8Array;
}

/** The result of a step. */
export interface GssLibraryStep {
  readonly token: Uint8Array | undefined;
  readonly complete: boolean;
  /** The mechanism of an established context, in dotted form. */
  readonly mechanism: string | undefined;
  /** GSS_C_*_FLAG of an established context. */
  readonly flags: number;
  /** The name in the delegated credentials. */
  readonly delegated: string | undefined;
  /** The library's message if it fails. */
  readonly error: string | undefined;
}

export interface GssLibrary {
  readonly side: 'initiator' | 'acceptor';
  step(token?: Uint8Array): Promise<GssLibraryStep>;
  /** Wraps with encryption. Throws with the library's message, as do the methods that follow. */
  wrap(message: Uint8Array): Promise<Uint8Array>;
  /** Wraps without encryption. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  unwrap(token: Uint8Array): Promise<Uint8Array>;
  mic(message: Uint8Array): Promise<Uint8Array>;
  verifyMic(message: Uint8Array, token: Uint8Array): Promise<void>;
  /** 100 pseudo-random bytes of the full key. */
  prf(input: Uint8Array): Promise<Uint8Array>;
  stop(): void;
}

const libraries: Readonly<Record<GssLibraryName, string>> = {
  mit: 'libgssapi_krb5.so.2',
  heimdal: 'libgssapi.so.3',
};

/** A context of a library, with the caches and keytabs of `env`. */
export async function openGssLibrary(
  name: GssLibraryName,
  env: Readonly<Record<string, string>>,
  options: GssLibraryOptions,
): Promise<GssLibrary> {
  const { bindings, ...rest } = options;
  const argument = JSON.stringify({
    ...{ flags: 0, ...rest, library: libraries[name] },
    bindings: bindings && Buffer.from(bindings).toString('hex'),
  });
  const child = spawn(findProgram('python3')!, ['-c', SCRIPT, argument], { env, timeout: 300_000 });
  killAtExit(child);
  const line = linesOf(child);
  async function call(what: string, ...values: readonly Uint8Array[]): Promise<Record<string, unknown>> {
    const hex = values.map(value => Buffer.from(value).toString('hex')).join(',');
    child.stdin.write(`${JSON.stringify([what, hex])}\n`);
    return JSON.parse(await line());
  }
  async function protect(what: string, ...values: readonly Uint8Array[]): Promise<Uint8Array> {
    const { token, error } = await call(what, ...values);
    if (error !== undefined) throw new Error(`${error}`);
    return bytesOf(token) ?? new Uint8Array(0);
  }
  await call('new');
  return {
    side: options.side,
    async step(token) {
      const {
        token: out,
        complete,
        mechanism,
        flags,
        delegated,
        error,
      } = await call('step', ...(token === undefined ? [] : [token]));
      return {
        token: bytesOf(out),
        complete: complete === true,
        mechanism: typeof mechanism === 'string' ? mechanism : undefined,
        flags: Number(flags ?? 0),
        delegated: typeof delegated === 'string' ? delegated : undefined,
        error: typeof error === 'string' ? error : undefined,
      };
    },
    wrap: message => protect('wrap', message),
    sign: message => protect('sign', message),
    unwrap: token => protect('unwrap', token),
    mic: message => protect('mic', message),
    verifyMic: async (message, token) => void (await protect('verify', message, token)),
    prf: input => protect('prf', input),
    stop: () => void child.kill('SIGKILL'),
  };
}

function bytesOf(hex: unknown): Uint8Array | undefined {
  return typeof hex === 'string' ? new Uint8Array(Buffer.from(hex, 'hex')) : undefined;
}
