import type { Keychain } from '../ccache.ts';
import type { KeychainBackend, KeychainSession } from './backend.ts';
import { keychainReason, keychainUnavailable } from './errors.ts';
import { keytarBackend } from './keytar.ts';
import { powershellBackend } from './powershell.ts';
import { secretToolBackend } from './secret-tool.ts';
import { securityBackend } from './security.ts';

/** Every back-end, in the order in which they are tried. */
export const keychainBackends: readonly KeychainBackend[] = [
  keytarBackend,
  securityBackend,
  secretToolBackend,
  powershellBackend,
];

/**
 * The first available back-end, or the one with that `name`. Throws KerberosError KEYCHAIN_UNAVAILABLE with the reason
 * for each of them.
 */
export async function openBackend(session: KeychainSession, name?: string): Promise<Keychain> {
  const rows = keychainBackends.filter(row =>
    name === undefined ? row.serves(session.platform) : row.name === name,
  );
  const reasons: string[] = [];
  for (const row of rows) {
    try {
      if (!row.serves(session.platform)) throw keychainUnavailable(`it is for ${row.systems}`);
      return await row.open(session);
    } catch (error) {
      reasons.push(keychainReason(error));
    }
  }
  throw keychainUnavailable(reasons.join(', '));
}
