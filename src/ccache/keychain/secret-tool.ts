import type { Keychain } from '../ccache.ts';
import { KEYCHAIN_SERVICE, type KeychainBackend, type KeychainSession } from './backend.ts';
import { usesSecretService } from './bus-address.ts';
import { keychainLocked, keychainTimeout, keychainUnavailable, TIMED_OUT } from './errors.ts';
import { findOnPath, type ProgramResult, runKeychainProgram } from './program.ts';

/** What libsecret calls an item that was stored by keytar; without it keytar does not find ours. */
const SCHEMA = ['xdg:schema', 'org.freedesktop.Secret.Generic'];
/** libsecret's words for a collection that stays locked, or that was never unlocked. */
const LOCKED = /locked collection|does not exist at path/;

/** The Secret Service by the program that comes with libsecret; its items are keytar's. */
export const secretToolBackend: KeychainBackend = {
  name: 'secret-tool',
  systems: 'Linux and its like',
  serves: usesSecretService,
  async open(session) {
    const path = session.programs['secret-tool'] ?? findOnPath('secret-tool', session.environment);
    if (path === undefined) throw keychainUnavailable('secret-tool is not installed');
    return calls(path, session);
  },
};

function calls(path: string, session: KeychainSession): Keychain {
  return {
    async read(account) {
      const { status, stdout } = await run(['lookup', ...item(account)]);
      return status === 0 ? stdout : undefined;
    },
    async write(account, secret) {
      const label = `--label=${KEYCHAIN_SERVICE}/${account}`;
      const { status } = await run(['store', label, ...SCHEMA, ...item(account)], secret);
      if (status !== 0) throw keychainUnavailable('secret-tool did not store the key');
    },
    async remove(account) {
      return (await run(['clear', ...item(account)])).status === 0;
    },
  };

  async function run(args: readonly string[], input = ''): Promise<ProgramResult> {
    const environment = { ...session.environment, LC_ALL: 'C' };
    const result = await runKeychainProgram(path, args, {
      environment,
      input,
      seconds: session.dialogSeconds,
      signal: session.signal,
    });
    // It says nothing of an item that is not there.
    if (result.status !== 0 && result.stderr !== '') throw told(result.stderr);
    return result;
  }
}

function item(account: string): readonly string[] {
  return ['service', KEYCHAIN_SERVICE, 'account', account];
}

function told(stderr: string): Error {
  const reason = /^secret-tool: (.*)$/m.exec(stderr)?.[1] ?? 'secret-tool failed';
  if (TIMED_OUT.test(reason)) return keychainTimeout();
  return LOCKED.test(reason) ? keychainLocked() : keychainUnavailable(reason);
}
