import { existsSync, lstatSync } from 'node:fs';
import { type SessionEnvironment, sessionBusSocket, usesSecretService } from './bus-address.ts';
import type { KeychainOptions } from './keychain-backend.ts';
import { keyLeftPath, passphraseKeyPath, sealedPath } from './sealed-path.ts';

/** Whether the keychain can serve as the place of the default cache. */
export type KeychainUse =
  | { readonly usable: true }
  | {
      readonly usable: false;
      /** There is none, as on a server, and nothing is wrong with that. */
      readonly absent: boolean;
      /** Without a capital, to go on in the middle of a sentence. */
      readonly reason: string;
    };

/**
 * Whether a data directory holds sealed tickets, so that whoever looks for tickets finds them there, or whatever else
 * is in their place: it is to be told of, not passed over.
 */
export function hasSealedTickets(dataDirectory: string): boolean {
  try {
    return lstatSync(sealedPath(dataDirectory), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** Whether a data directory's key is sealed by a passphrase, and not in the OS keychain. */
export function hasPassphraseKey(dataDirectory: string): boolean {
  return existsSync(passphraseKeyPath(dataDirectory));
}

/** Whether a key without tickets may be left, in a keychain which could not be asked when the tickets went. */
export function hasKeyLeft(dataDirectory: string): boolean {
  return existsSync(keyLeftPath(dataDirectory)) || hasPassphraseKey(dataDirectory);
}

/**
 * Whether a new cache can be kept in the keychain, found out as cheaply as can be: where there is no D-Bus session
 * it takes a look at the environment.
 */
export async function probeKeychain(
  environment: SessionEnvironment,
  platform: NodeJS.Platform,
  options: Omit<KeychainOptions, 'platform'> = {},
): Promise<KeychainUse> {
  if (usesSecretService(platform) && sessionBusSocket(environment) === undefined) {
    return { usable: false, absent: true, reason: 'there is no D-Bus session' };
  }
  const { tryKeychain } = await import('./keychain-open.ts');
  return tryKeychain(environment, { ...options, platform });
}
