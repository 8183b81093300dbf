import { encryptedChallenge } from './encrypted-challenge.ts';
import { encryptedTimestamp } from './encrypted-timestamp.ts';
import type { KdcPreauth } from './mechanism.ts';
import type { KdcPkinitOptions } from './pkinit.ts';

export interface MechanismOptions {
  /** Offers PKINIT, and anonymous tickets where the service WELLKNOWN/ANONYMOUS exists. */
  readonly pkinit?: KdcPkinitOptions | undefined;
  /** The groups for SPAKE, by their names in krb5.conf; edwards25519 and P-256 if not given. */
  readonly spakeGroups?: readonly string[] | undefined;
}

/** Every mechanism, the preferred first; large modules are loaded on demand. */
const table: readonly ((options: MechanismOptions) => KdcPreauth | Promise<KdcPreauth>)[] = [
  async ({ spakeGroups }) => (await import('./spake.ts')).openSpake({ groups: spakeGroups }),
  () => encryptedChallenge,
  () => encryptedTimestamp,
  async () => (await import('./otp.ts')).openOtp(),
];

/** The mechanisms that a KDC offers by default; PKINIT, before the others, if it has a certificate. */
export async function loadMechanisms(options: MechanismOptions = {}): Promise<readonly KdcPreauth[]> {
  const { pkinit } = options;
  const others = await Promise.all(table.map(load => load(options)));
  if (pkinit === undefined) return others;
  const { openPkinit } = await import('./pkinit.ts');
  return [openPkinit(pkinit), ...others];
}
