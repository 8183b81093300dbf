import type { Keychain } from '../../ccache/ccache.ts';
import { hasPassphraseKey, hasSealedTickets, probeKeychain } from '../../ccache/keychain/probe.ts';
import { rememberKeychain } from '../../ccache/keychain/remembered.ts';
import type { KeychainUse } from '../../ccache/keychain-use.ts';
import { KerberosError } from '../../errors.ts';
import type { Surroundings } from '../surroundings.ts';

/** The keychain that the user wants: `passphrase`, `none`, the name of a back-end, or undefined for any. */
type Wish = string | undefined;

/**
 * The keychain that KRB5KIT_KEYCHAIN asks for. Throws KerberosError CONFIG_VALUE if its value is unknown, and
 * KEYCHAIN_UNAVAILABLE if that keychain cannot be used.
 */
export async function openUserKeychain(io: Surroundings, dataDirectory: string): Promise<Keychain> {
  const wish = await keychainWish(io, dataDirectory);
  if (wish === 'none') throw unavailable('KRB5KIT_KEYCHAIN is none');
  if (wish === 'passphrase') {
    // Their key may be in the system's keychain and must not be taken for lost.
    if (hasSealedTickets(dataDirectory) && !hasPassphraseKey(dataDirectory)) {
      throw unavailable('the key is not sealed by a passphrase and KRB5KIT_KEYCHAIN is passphrase');
    }
    const { passphraseKeychain } = await import('../../ccache/keychain/passphrase.ts');
    const { askPassphrase } = await import('./passphrase.ts');
    return passphraseKeychain(dataDirectory, purpose => askPassphrase(purpose, io));
  }
  if (hasPassphraseKey(dataDirectory)) {
    throw unavailable(`the key is sealed by a passphrase and KRB5KIT_KEYCHAIN is ${wish}`);
  }
  const { openKeychain } = await import('../../ccache/keychain/open.ts');
  try {
    return await openKeychain(io.env, { backend: wish });
  } catch (error) {
    if (wish === undefined || !isUnavailable(error)) throw error;
    const { keychainReason, keychainUnavailable } = await import('../../ccache/keychain/errors.ts');
    throw keychainUnavailable(inSpite(wish, keychainReason(error)), error);
  }
}

/** The same keychain, which is asked only once for each secret. */
export async function openRememberedKeychain(io: Surroundings, dataDirectory: string): Promise<Keychain> {
  const keychain = await openUserKeychain(io, dataDirectory);
  return rememberKeychain(async () => keychain);
}

/**
 * Whether new tickets can be sealed. A keychain that was requested by name and cannot be used never counts as merely
 * absent.
 */
export async function probeUserKeychain(io: Surroundings, dataDirectory: string): Promise<KeychainUse> {
  const wish = await keychainWish(io, dataDirectory);
  if (wish === 'none') return { usable: false, absent: true, reason: 'KRB5KIT_KEYCHAIN is none' };
  if (wish === 'passphrase') return { usable: true, locked: false };
  const use = await probeKeychain(io.env, io.platform, { backend: wish });
  if (use.usable || wish === undefined) return use;
  return { usable: false, absent: false, reason: inSpite(wish, use.reason) };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof KerberosError && error.code === 'KEYCHAIN_UNAVAILABLE';
}

function inSpite(wish: string, reason: string): string {
  return `KRB5KIT_KEYCHAIN is ${wish}, but ${reason}`;
}

/** The value of KRB5KIT_KEYCHAIN, checked. Without it, an existing key that a passphrase seals means `passphrase`. */
export async function keychainWish({ env }: Surroundings, dataDirectory: string): Promise<Wish> {
  const { KRB5KIT_KEYCHAIN: wish } = env;
  if (!wish) return hasPassphraseKey(dataDirectory) ? 'passphrase' : undefined;
  if (wish === 'passphrase' || wish === 'none') return wish;
  const { keychainBackends } = await import('../../ccache/keychain/backends.ts');
  if (keychainBackends.some(({ name }) => name === wish)) return wish;
  const names = [...keychainBackends.map(({ name }) => name), 'passphrase', 'none'].join(', ');
  throw new KerberosError('CONFIG_VALUE', `KRB5KIT_KEYCHAIN is ${wish}, but must be one of ${names}`);
}

function unavailable(reason: string): KerberosError {
  return new KerberosError('KEYCHAIN_UNAVAILABLE', `The keychain cannot be used: ${reason}`);
}
