import { createRequire } from 'node:module';
import { errnoOf } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import type { Keychain } from '../ccache.ts';
import { KEYCHAIN_SERVICE, type KeychainBackend, type KeychainSession } from './backend.ts';
import { usesSecretService } from './bus-address.ts';
import { keychainLocked, keychainTimeout, keychainUnavailable, TIMED_OUT } from './errors.ts';
import { callInChild, type KeytarRequest } from './keytar-child.ts';

type Keytar = typeof import('keytar');

/** The systems' messages for a keychain that is locked or stays so; for libsecret, that a collection does not exist. */
const LOCKED = /locked collection|does not exist at path|interaction is not allowed|user canceled/i;

/** The keychain of every system, through a native module. */
export const keytarBackend: KeychainBackend = {
  name: 'keytar',
  systems: 'all systems',
  serves: () => true,
  async open(session) {
    const keytar = await loadKeytar(session.platform);
    return calls(keytar, pathOf(keytar), session);
  },
};

function calls(keytar: Keytar, modulePath: string, session: KeychainSession): Keychain {
  return {
    async read(account) {
      // The Credential Manager asks nobody, so it needs no child process.
      const secret =
        session.platform === 'win32'
          ? await within(session.answerSeconds, readHere(account, keytar))
          : await callApart(get(account));
      return typeof secret === 'string' ? secret : undefined;
    },
    async write(account, secret) {
      await callApart({ call: 'setPassword', args: [KEYCHAIN_SERVICE, account, secret] });
    },
    async remove(account) {
      const remove: KeytarRequest = { call: 'deletePassword', args: [KEYCHAIN_SERVICE, account] };
      // libsecret deletes only what its connection may read, and only a look-up asks the user for that.
      const requests = usesSecretService(session.platform) ? [get(account), remove] : [remove];
      return (await callApart(...requests)) === true;
    },
  };

  async function callApart(...requests: readonly KeytarRequest[]): Promise<unknown> {
    const { environment, dialogSeconds: seconds, signal } = session;
    try {
      return await callInChild(requests, { modulePath, environment, seconds, signal });
    } catch (error) {
      throw translated(error);
    }
  }
}

function get(account: string): KeytarRequest {
  return { call: 'getPassword', args: [KEYCHAIN_SERVICE, account] };
}

async function readHere(account: string, keytar: Keytar): Promise<unknown> {
  try {
    return await keytar.getPassword(KEYCHAIN_SERVICE, account);
  } catch (error) {
    throw translated(error);
  }
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(keychainTimeout()), seconds * 1000);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function loadKeytar(platform: NodeJS.Platform): Promise<Keytar> {
  try {
    return (await import('keytar')).default;
  } catch (error) {
    const missing = /MODULE_NOT_FOUND$/.test(errnoOf(error) ?? '');
    const needs = usesSecretService(platform) ? '; it needs libsecret-1.so.0' : '';
    throw keychainUnavailable(missing ? 'keytar is not installed' : `keytar does not load${needs}`, error);
  }
}

/** The path by which a child finds the module: an ES module has no `require` to resolve it. */
function pathOf(keytar: Keytar): string {
  const { cache } = createRequire(process.execPath);
  const path = Object.keys(cache).find(file => cache[file]?.exports === keytar);
  if (path === undefined) throw keychainUnavailable('keytar was not loaded from a file');
  return path;
}

function translated(error: unknown): KerberosError {
  if (error instanceof KerberosError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (TIMED_OUT.test(message)) return keychainTimeout();
  return LOCKED.test(message) ? keychainLocked(error) : keychainUnavailable(message, error);
}
