import { existsSync } from 'node:fs';
import { type SessionEnvironment, sessionBusSocket, usesSecretService } from './bus-address.ts';
import { keyLeftPath, sealedPath } from './sealed-path.ts';

/** Whether the keychain can serve as the place of the default cache. */
export type KeychainUse = { readonly usable: true } | { readonly usable: false; readonly reason: string };

/** Whether a data directory holds sealed tickets, so that whoever looks for tickets finds them there. */
export function hasSealedTickets(dataDirectory: string): boolean {
  return existsSync(sealedPath(dataDirectory));
}

/** Whether a key without tickets may be left in the keychain, which could not be asked when the tickets went. */
export function hasKeyLeft(dataDirectory: string): boolean {
  return existsSync(keyLeftPath(dataDirectory));
}

/**
 * Whether a new cache can be kept in the keychain, found out as cheaply as can be: where there is no D-Bus session
 * it takes a look at the environment.
 */
export async function probeKeychain(
  environment: SessionEnvironment,
  platform: NodeJS.Platform,
): Promise<KeychainUse> {
  if (usesSecretService(platform) && sessionBusSocket(environment) === undefined) {
    return { usable: false, reason: 'there is no D-Bus session' };
  }
  const { tryKeychain } = await import('./keytar.ts');
  return tryKeychain(environment);
}
