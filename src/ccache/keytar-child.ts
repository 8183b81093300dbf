import type { SessionEnvironment } from './bus-address.ts';
import { keychainUnavailable } from './keychain-errors.ts';
import { runKeychainProgram } from './keychain-program.ts';

/** One call on keytar, as data. */
export interface KeytarRequest {
  readonly call: 'getPassword' | 'setPassword' | 'deletePassword';
  /** Service, account and, for setPassword, the secret. */
  readonly args: readonly string[];
}

export interface KeytarChildOptions {
  /** Where keytar lies: the path that `require` knows it by. */
  readonly modulePath: string;
  readonly environment: SessionEnvironment;
  /** After so many seconds the child is killed. */
  readonly seconds: number;
}

// Nobody wants the answer to a dialog whose command was killed: what came of it late could replace a newer key. Only a
// kill ends a process that has a call pending.
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

/** What Node adds to every process it starts; none of it serves here, and reading certificates takes long. */
const UNWANTED = ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NODE_V8_COVERAGE'];

/**
 * Makes the calls one after the other in a child, because one that hangs, on a dialog or a stopped daemon, would keep
 * this process from ending, and libsecret's one connection does not get over a daemon that was restarted. Resolves to
 * what the last gives; rejects with keytar's message, or KerberosError KEYCHAIN_TIMEOUT or KEYCHAIN_UNAVAILABLE.
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
  });
  const answer = parseAnswer(stdout);
  if (answer === undefined) throw keychainUnavailable('it broke off');
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.value;
}

/** Undefined for what is cut off or mixed with a library's own words; what JSON.parse says of it would quote the secret. */
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
