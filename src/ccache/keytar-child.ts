import { spawn } from 'node:child_process';
import { KerberosError } from '../errors.ts';
import type { SessionEnvironment } from './bus-address.ts';

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
  /** Kills the child. */
  readonly signal: AbortSignal;
}

// The secret travels through pipes: arguments and the environment can be read by other processes of the user.
const SCRIPT = `
const request = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const answer = value => process.stdout.write(JSON.stringify(value), () => process.exit(0));
try {
  require(process.argv[1])[request.call](...request.args).then(
    value => answer({ value }), error => answer({ error: error.message }));
} catch (error) { answer({ error: error.message }); }`;

/** What Node adds to every process it starts; none of it serves here, and reading certificates takes long. */
const UNWANTED = ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NODE_V8_COVERAGE'];

/**
 * Makes the call in a process of its own, which can be killed however deep it hangs. Rejects with keytar's message, or KerberosError KEYCHAIN_UNAVAILABLE when the child breaks off.
 */
export function callInChild(request: KeytarRequest, options: KeytarChildOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', SCRIPT, options.modulePath], {
      env: childEnvironment(options.environment),
      stdio: ['pipe', 'pipe', 'ignore'],
      signal: options.signal,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', () => {
      const answer = parseAnswer(output);
      if (answer === undefined)
        reject(new KerberosError('KEYCHAIN_UNAVAILABLE', 'The OS keychain broke off'));
      else if (answer.error === undefined) resolve(answer.value);
      else reject(new Error(answer.error));
    });
    child.stdin.on('error', () => undefined); // a child that dies early is told by `close`
    child.stdin.end(JSON.stringify(request));
  });
}

/** Undefined for what is cut off or mixed with a library's own words; what JSON.parse says of it would quote the secret. */
function parseAnswer(output: string): { readonly value?: unknown; readonly error?: string } | undefined {
  try {
    return (JSON.parse(output) as { value?: unknown; error?: string } | null) ?? undefined;
  } catch {
    return undefined;
  }
}

function childEnvironment(environment: SessionEnvironment): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !UNWANTED.includes(name));
  return { ...Object.fromEntries(kept), ELECTRON_RUN_AS_NODE: '1' };
}
