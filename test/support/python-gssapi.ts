import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Unwrapped } from '../../src/gss/context.ts';
import { killAtExit } from './daemons.ts';

// MIT's libgssapi through python3-gssapi. Suites are `describePeer('python-gssapi', …)`.

const SCRIPT = `
import json, sys, gssapi
from gssapi.raw import IOV, IOVBufferType, acquire_cred_with_password, unwrap_iov, wrap_iov
from gssapi.raw.chan_bindings import ChannelBindings
wishes = json.loads(sys.argv[1])
MECHANISMS = {'krb5': '1.2.840.113554.1.2.2', 'spnego': '1.3.6.1.5.5.2', 'iakerb': '1.3.6.1.5.2.5'}
oid = gssapi.OID.from_int_seq(MECHANISMS[wishes.get('mechanism', 'krb5')])
bindings = wishes.get('bindings')
bindings = ChannelBindings(application_data=bytes.fromhex(bindings)) if bindings else None
if wishes['role'] == 'initiator':
    name = gssapi.Name(wishes['target'], gssapi.NameType.hostbased_service)
    credentials = None
    if 'password' in wishes:
        user = gssapi.Name(wishes['user'], gssapi.NameType.user)
        acquired = acquire_cred_with_password(user, wishes['password'].encode(), mechs=[oid], usage='initiate')
        credentials = gssapi.Credentials(base=acquired.creds)
    context = gssapi.SecurityContext(name=name, creds=credentials, mech=oid, flags=wishes['flags'], usage='initiate', channel_bindings=bindings)
else:
    mechs = [oid, gssapi.MechType.kerberos] if wishes.get('mechanism') == 'iakerb' else None
    credentials = gssapi.Credentials(usage='both' if wishes.get('proxy') else 'accept', mechs=mechs)
    context = gssapi.SecurityContext(creds=credentials, usage='accept', channel_bindings=bindings)
def hex_or_none(token):
    return token.hex() if token else None
def facts():
    delegated = context.delegated_creds if wishes['role'] == 'acceptor' else None
    return {'initiator': str(context.initiator_name), 'flags': int(context.actual_flags),
            'mechanism': context.mech.dotted_form, 'delegated': str(delegated.name) if delegated else None}
def run(call):
    op, data = call['op'], bytes.fromhex(call.get('data') or '')
    if op == 'step':
        token = context.step(data or None)
        return {'token': hex_or_none(token), 'facts': facts() if context.complete else None}
    if op == 'wrap':
        return {'token': context.wrap(data, call['seal']).message.hex()}
    if op == 'unwrap':
        result = context.unwrap(data)
        return {'message': result.message.hex(), 'sealed': result.encrypted}
    if op == 'mic':
        return {'token': context.get_signature(data).hex()}
    if op == 'verifyMic':
        context.verify_signature(data, bytes.fromhex(call['token']))
        return {}
    if op == 'wrapIov':
        iov = IOV(IOVBufferType.header, data, std_layout=False)
        wrap_iov(context, iov, call['seal'])
        return {'token': (iov[0].value + iov[1].value).hex()}
    if op == 'unwrapIov':
        split = len(data) - call['length']
        iov = IOV((IOVBufferType.header, False, data[:split]), (IOVBufferType.data, False, data[split:]), std_layout=False)
        result = unwrap_iov(context, iov)
        return {'message': iov[1].value.hex(), 'sealed': result.encrypted}
    if op == 'store':
        context.delegated_creds.store(store={'ccache': call['cache']}, usage='initiate', overwrite=True)
        return {}
for line in sys.stdin:
    try:
        answer = run(json.loads(line))
    except gssapi.exceptions.GSSError as error:
        answer = {'error': type(error).__name__ + ': ' + str(error), 'token': hex_or_none(getattr(error, 'token', None))}
    print(json.dumps(answer), flush=True)
`;

// RFC 2744's flags.
export const DELEG = 0x1;
export const MUTUAL = 0x2;
export const REPLAY = 0x4;
export const SEQUENCE = 0x8;
export const CONF = 0x10;
export const INTEG = 0x20;
export const DCE_STYLE = 0x1000;

export interface PythonWishes {
  readonly role: 'initiator' | 'acceptor';
  readonly mechanism?: 'krb5' | 'spnego' | 'iakerb';
  /** Of the acceptor, such as `host@localhost`. */
  readonly target?: string;
  /** Who initiates, by a password instead of a cache. */
  readonly user?: string;
  readonly password?: string;
  /** The flags of RFC 2744 that an initiator requests. */
  readonly flags?: number;
  /** The application data of channel bindings. */
  readonly bindings?: Uint8Array;
  /** Whether the acceptor has tickets of its own, so that it can act for the initiator. */
  readonly proxy?: boolean;
}

interface PythonFacts {
  readonly initiator: string;
  readonly flags: number;
  readonly mechanism: string;
  /** The name in the delegated credentials. */
  readonly delegated: string | null;
}

/** The answer of one side to one token. */
interface PythonStep {
  readonly token: Uint8Array | undefined;
  /** Once the context is established. */
  readonly facts: PythonFacts | undefined;
  readonly error: string | undefined;
}

/** One side of a context, in MIT's library. */
export interface PythonContext {
  step(token?: Uint8Array): Promise<PythonStep>;
  wrap(message: Uint8Array, seal: boolean): Promise<Uint8Array>;
  unwrap(token: Uint8Array): Promise<Unwrapped>;
  /** DCE style: the protection precedes the message, whose length does not change. */
  wrapIov(message: Uint8Array, seal: boolean): Promise<Uint8Array>;
  unwrapIov(token: Uint8Array, length: number): Promise<Unwrapped>;
  mic(message: Uint8Array): Promise<Uint8Array>;
  /** Rejects if the token does not match the message. */
  verifyMic(message: Uint8Array, token: Uint8Array): Promise<void>;
  /** Stores the delegated credentials in a cache with this name. */
  store(cache: string): Promise<void>;
  end(): void;
}

/** Starts one side of a context with the krb5.conf, the cache or the keytab of `env`. */
export function startPythonContext(
  wishes: PythonWishes,
  env: Readonly<Record<string, string>>,
): PythonContext {
  const { bindings, ...rest } = wishes;
  const given = JSON.stringify({ ...rest, bindings: bindings && Buffer.from(bindings).toString('hex') });
  // The package is installed for the distribution's Python.
  const child = spawn('/usr/bin/python3', ['-c', SCRIPT, given], { env });
  killAtExit(child);
  const answers = answersOf(child);

  async function call(op: string, data: Uint8Array, more: object = {}): Promise<Answer> {
    child.stdin.write(`${JSON.stringify({ op, data: Buffer.from(data).toString('hex'), ...more })}\n`);
    return answers();
  }
  async function need(op: string, data: Uint8Array, more?: object): Promise<Answer> {
    const answer = await call(op, data, more);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
  return {
    async step(token = new Uint8Array(0)) {
      const { token: reply, facts, error } = await call('step', token);
      return { token: reply ? bytesOf(reply) : undefined, facts: facts ?? undefined, error };
    },
    wrap: async (message, seal) => bytesOf((await need('wrap', message, { seal })).token),
    wrapIov: async (message, seal) => bytesOf((await need('wrapIov', message, { seal })).token),
    unwrap: async token => unwrappedOf(await need('unwrap', token)),
    unwrapIov: async (token, length) => unwrappedOf(await need('unwrapIov', token, { length })),
    mic: async message => bytesOf((await need('mic', message)).token),
    async verifyMic(message, token) {
      await need('verifyMic', message, { token: Buffer.from(token).toString('hex') });
    },
    store: async cache => void (await need('store', new Uint8Array(0), { cache })),
    end: () => void child.kill('SIGKILL'),
  };
}

interface Answer {
  readonly token?: string | null;
  readonly facts?: PythonFacts | null;
  readonly message?: string;
  readonly sealed?: boolean;
  readonly error?: string;
}

function unwrappedOf({ message, sealed = false }: Answer): Unwrapped {
  return { message: bytesOf(message), sealed };
}

function bytesOf(hex: string | null | undefined): Uint8Array {
  return Buffer.from(hex ?? '', 'hex');
}

/** Returns one answer after the other; rejects with standard error if there is none. */
function answersOf(child: ChildProcessWithoutNullStreams): () => Promise<Answer> {
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text;
  });
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { done, value } = await lines.next();
    if (done) throw new Error(`python3-gssapi has ended: ${errors}`);
    return JSON.parse(value) as Answer;
  };
}
