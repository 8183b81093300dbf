import { existsSync, lstatSync } from 'node:fs';
import type { KeychainUse } from '../keychain-use.ts';
import { keyLeftPath, passphraseKeyPath, sealedPath } from '../sealed/path.ts';
import type { KeychainOptions } from './backend.ts';
import { type SessionEnvironment, sessionBusSocket, usesSecretService } from './bus-address.ts';

/**
 * Whether a data directory holds sealed tickets, or anything else in their place: a look for tickets must report that
 * rather than ignore it.
 */
export function hasSealedTickets(dataDirectory: string): boolean {
  try {
    return lstatSync(sealedPath(dataDirectory), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** Whether a data directory's key is sealed by a passphrase rather than stored in the OS keychain. */
export function hasPassphraseKey(dataDirectory: string): boolean {
  return existsSync(passphraseKeyPath(dataDirectory));
}

/** Whether a key without tickets may be left in a keychain that could not be asked when the tickets were removed. */
export function hasKeyLeft(dataDirectory: string): boolean {
  return existsSync(keyLeftPath(dataDirectory)) || hasPassphraseKey(dataDirectory);
}

/**
 * Whether a new cache can be kept in the keychain, determined as cheaply as possible: without a D-Bus session, it only
 * takes a look at the environment.
 */
export async function probeKeychain(
  environment: SessionEnvironment,
  platform: NodeJS.Platform,
  options: Omit<KeychainOptions, 'platform'> = {},
): Promise<KeychainUse> {
  if (usesSecretService(platform) && sessionBusSocket(environment) === undefined) {
    return { usable: false, absent: true, reason: 'there is no D-Bus session' };
  }
  const { tryKeychain } = await import('./open.ts');
  return tryKeychain(environment, { ...options, platform });
}
