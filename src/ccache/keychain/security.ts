import { existsSync } from 'node:fs';
import type { KerberosError } from '../../errors.ts';
import type { Keychain } from '../ccache.ts';
import { KEYCHAIN_SERVICE, type KeychainBackend, type KeychainSession } from './backend.ts';
import { keychainLocked, keychainUnavailable } from './errors.ts';
import { type ProgramResult, runKeychainProgram } from './program.ts';

const PATH = '/usr/bin/security';
/** The status is the last byte of an OSStatus: errSecItemNotFound, … */
const NOT_FOUND = 44;
/** … errSecInteractionNotAllowed, errSecAuthFailed, userCanceledErr, errSecInDarkWake. */
const LOCKED: readonly number[] = [36, 51, 128, 24];
/** It reads lines of 4096 bytes at most. */
const MAX_LINE = 4000;

/** The Keychain of macOS by the program that comes with it. */
export const securityBackend: KeychainBackend = {
  name: 'security',
  systems: 'macOS',
  serves: platform => platform === 'darwin',
  async open(session) {
    const path = session.programs.security ?? PATH;
    if (!existsSync(path)) throw keychainUnavailable(`${path} is missing`);
    await run(path, ['default-keychain'], session, session.answerSeconds);
    return calls(path, session);
  },
};

function calls(path: string, session: KeychainSession): Keychain {
  return {
    async read(account) {
      const { status, stdout } = await call('find-generic-password', account, ['-w']);
      return status === 0 ? stdout.replace(/\n$/, '') : undefined;
    },
    async write(account, secret) {
      const { status } = await call('add-generic-password', account, ['-U', '-w', secret]);
      if (status !== 0) throw keychainUnavailable('security did not store the key');
    },
    async remove(account) {
      return (await call('delete-generic-password', account, [])).status === 0;
    },
  };

  function call(command: string, account: string, more: readonly string[]): Promise<ProgramResult> {
    const words = [command, '-a', account, '-s', KEYCHAIN_SERVICE, ...more];
    return run(path, words, session, session.dialogSeconds);
  }
}

/** Its arguments could be read by others, so the command goes through its standard input. */
async function run(
  path: string,
  words: readonly string[],
  { environment }: KeychainSession,
  seconds: number,
): Promise<ProgramResult> {
  const input = `${words.map(quoted).join(' ')}\n`;
  if (Buffer.byteLength(input) > MAX_LINE)
    throw keychainUnavailable('the path of the data directory is too long');
  const result = await runKeychainProgram(path, ['-i'], { environment, input, seconds });
  if (result.status !== 0 && result.status !== NOT_FOUND) throw failure(result);
  return result;
}

/** A word as the program's own splitting of lines gives it back. */
function quoted(word: string): string {
  if (/[\0\n\r]/.test(word))
    throw keychainUnavailable('the path of the data directory has a line break in it');
  return `"${word.replace(/["\\]/g, '\\$&')}"`;
}

/** Of what the program prints only a sentence of the system's is passed on: it can quote what it was given. */
function failure({ status, stderr }: ProgramResult): KerberosError {
  if (LOCKED.includes(status)) return keychainLocked();
  const sentence = /^security: Sec\w+: (.*)$/m.exec(stderr)?.[1];
  return keychainUnavailable(sentence ?? `security ended with status ${status}`);
}
