import type { SessionEnvironment } from './bus-address.ts';
import { keychainUnavailable } from './errors.ts';
import { runKeychainProgram } from './program.ts';

/** One call on keytar, as data. */
export interface KeytarRequest {
  readonly call: 'getPassword' | 'setPassword' | 'deletePassword';
  /** Service, account and, for setPassword, the secret. */
  readonly args: readonly string[];
}

export interface KeytarChildOptions {
  /** The path by which `require` finds keytar. */
  readonly modulePath: string;
  readonly environment: SessionEnvironment;
  /** Seconds after which the child is killed. */
  readonly seconds: number;
  /** Kills it as well. */
  readonly signal?: AbortSignal | undefined;
}

// If a command was killed while a dialog was open, a late result must not replace a newer key. A process with a pending
// call ends only if it is killed.
const SCRIPT = `
const answer = value => process.stdout.write(JSON.stringify(value), () => process.exit(0));
const callAll = async requests => {
  const keytar = require(process.argv[1]);
  let value;
  for (const { call, args } of requests) value = await keytar[call](...args);
  return value;
};
let text = '';
process.stdin.setEncoding('utf8').on('data', chunk => {
  text += chunk;
  if (!text.endsWith('\\n')) return;
  callAll(JSON.parse(text)).then(value => answer({ value }), error => answer({ error: error.message }));
}).on('end', () => process.kill(process.pid, 'SIGKILL'));`;

/** Options that Node applies to every process; they are not needed here, and reading certificates takes long. */
const UNWANTED = ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NODE_V8_COVERAGE'];

/**
 * Makes the calls one after the other in a child process, because one that hangs, on a dialog or a stopped daemon,
 * would keep this process from ending, and because libsecret's only connection does not survive a restart of the
 * daemon. Resolves to the last result; rejects with keytar's message, or KerberosError KEYCHAIN_TIMEOUT or
 * KEYCHAIN_UNAVAILABLE.
 */
export async function callInChild(
  requests: readonly KeytarRequest[],
  options: KeytarChildOptions,
): Promise<unknown> {
  const { stdout } = await runKeychainProgram(process.execPath, ['-e', SCRIPT, options.modulePath], {
    environment: childEnvironment(options.environment),
    input: `${JSON.stringify(requests)}\n`,
    staysWithUs: true,
    seconds: options.seconds,
    signal: options.signal,
  });
  const answer = parseAnswer(stdout);
  if (answer === undefined) throw keychainUnavailable('it broke off');
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.value;
}

/**
 * Undefined for output that is truncated or mixed with a library's messages; an error of JSON.parse would quote the
 * secret.
 */
function parseAnswer(output: string): { readonly value?: unknown; readonly error?: string } | undefined {
  try {
    return (JSON.parse(output) as { value?: unknown; error?: string } | null) ?? undefined;
  } catch {
    return undefined;
  }
}

function childEnvironment(environment: SessionEnvironment): SessionEnvironment {
  const kept = Object.entries(environment).filter(([name]) => !UNWANTED.includes(name));
  return { ...Object.fromEntries(kept), ELECTRON_RUN_AS_NODE: '1' };
}
