import { accessSync, appendFileSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAnswered, makePrivate } from '../../agent/listen.ts';
import { makeDirectory } from '../../ccache/make-directory.ts';
import { textToBytes } from '../../codec/text.ts';
import { errnoOf, systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import { dataDirectory } from '../../local/directories.ts';
import { keychainWish, probeUserKeychain } from '../../local/user/keychain.ts';
import type { Io } from '../terminal.ts';
import { writeWholeFile } from '../whole-file.ts';
import { agentStatus } from './control.ts';
import { type AgentPaths, agentKrb5Conf } from './paths.ts';

/** Seconds that an agent has to start. */
const PATIENCE = 10;
const STEP = 20;

/** What an agent is needed for, and its options. */
interface Wanted {
  readonly memory: boolean;
  readonly options: readonly string[];
}

/**
 * Ensures that an agent runs in the background. Throws KerberosError AGENT_LISTEN if one runs that keeps tickets
 * elsewhere, and if a new one could never keep any.
 */
export async function ensureRunning(paths: AgentPaths, { memory, options }: Wanted, io: Io): Promise<void> {
  const running = await agentStatus(paths);
  if (running === undefined) {
    if (!memory) await requireStorage(io);
    return startInBackground(paths, options, io);
  }
  if ((running.kind === 'memory') !== memory) {
    const place = running.kind === 'memory' ? 'memory' : 'the keychain';
    throw failed(`An agent runs already that keeps tickets in ${place}; stop it first`);
  }
}

/** Makes what is beside the socket: whoever finds the one finds the other. */
export function preparePlace(paths: AgentPaths, io: Io): void {
  makeOurs(paths, io);
  try {
    // As a whole: programs may be reading the one of an earlier agent.
    writeWholeFile(paths.krb5Conf, textToBytes(agentKrb5Conf(paths)), 'CACHE_IO');
  } catch (error) {
    throw failed(`${paths.krb5Conf} cannot be written: ${(error as Error).message}`, error);
  }
}

/** Sealed tickets need a directory and a key. */
async function requireStorage(io: Io): Promise<void> {
  const directory = resolve(io.cwd, dataDirectory(io));
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw failed(`No tickets can be kept in ${directory}: ${systemReason(error)}; use --memory`, error);
  }
  const use = await probeUserKeychain(io, directory);
  if (!use.usable) {
    const others = '--memory, or KRB5KIT_KEYCHAIN=passphrase with KRB5KIT_PASSPHRASE_FILE';
    throw failed(`No tickets can be kept in a keychain: ${use.reason}; use ${others}`);
  }
  // The agent cannot use our terminal.
  if ((await keychainWish(io, directory)) === 'passphrase' && !io.env.KRB5KIT_PASSPHRASE_FILE) {
    throw failed(
      'Nobody can be asked for the passphrase in the background; use KRB5KIT_PASSPHRASE_FILE, or --memory',
    );
  }
}

/** Waits until it answers. It inherits no open files from us. */
async function startInBackground(paths: AgentPaths, options: readonly string[], io: Io): Promise<void> {
  const { spawn } = await import('node:child_process');
  const { socket, log } = paths;
  makeOurs(paths, io);
  const [node, ...script] = io.program;
  const output = openLog(log);
  const child = spawn(node!, [...script, 'agent', ...options], {
    cwd: io.cwd,
    env: io.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['ignore', 'ignore', output],
  });
  closeSync(output);
  let ended: string | undefined;
  child.once('error', ({ message }) => {
    ended = message;
  });
  child.once('exit', () => {
    ended = lastWords(log);
  });
  for (const deadline = performance.now() + PATIENCE * 1000; !(await isAnswered(socket)); await sleep(STEP)) {
    if (ended !== undefined) throw failed(`The agent did not start: ${ended}`);
    if (performance.now() > deadline) throw failed('The agent does not answer');
  }
  child.removeAllListeners();
  child.unref();
}

function makeOurs({ directory }: AgentPaths, io: Io): void {
  try {
    makePrivate(directory, io.uid ?? 0);
  } catch (error) {
    const cause = error instanceof KerberosError ? error.cause : undefined;
    if (errnoOf(cause) === undefined) throw error;
    throw failed(`${(error as Error).message}: ${systemReason(cause)}`, error);
  }
}

function openLog(log: string): number {
  try {
    return openSync(log, 'w', 0o600);
  } catch (error) {
    throw failed(`${log} cannot be written: ${systemReason(error)}`, error);
  }
}

/** What the agent has logged, or why it could not log anything. */
function lastWords(log: string): string {
  try {
    // On a full disk, nothing could be logged.
    appendFileSync(log, '\n');
  } catch (error) {
    return `${log} cannot be written: ${systemReason(error)}`;
  }
  const line = readFileSync(log, 'utf8').trimEnd().split('\n').at(-1);
  return line?.replace(/^[^:]*: /, '') || 'it said nothing';
}

function failed(sentence: string, cause?: unknown): KerberosError {
  return new KerberosError('AGENT_LISTEN', sentence, { cause });
}
