import { encryptedChallenge } from './encrypted-challenge.ts';
import { encryptedTimestamp } from './encrypted-timestamp.ts';
import type { KdcPreauth } from './mechanism.ts';
import type { KdcPkinitOptions } from './pkinit.ts';

export interface MechanismOptions {
  /** Offers PKINIT, too, and anonymous tickets where there is the service WELLKNOWN/ANONYMOUS. */
  readonly pkinit?: KdcPkinitOptions | undefined;
  /** The groups that clients may choose of for SPAKE, as krb5.conf names them; edwards25519 and P-256 if not given. */
  readonly spakeGroups?: readonly string[] | undefined;
}

/** Every mechanism, best first; what is heavy is loaded for it. */
const table: readonly ((options: MechanismOptions) => KdcPreauth | Promise<KdcPreauth>)[] = [
  async ({ spakeGroups }) => (await import('./spake.ts')).openSpake({ groups: spakeGroups }),
  () => encryptedChallenge,
  () => encryptedTimestamp,
  async () => (await import('./otp.ts')).openOtp(),
];

/** The mechanisms that a KDC offers if it is not told otherwise; PKINIT, before the others, if it has a certificate. */
export async function loadMechanisms(options: MechanismOptions = {}): Promise<readonly KdcPreauth[]> {
  const { pkinit } = options;
  const others = await Promise.all(table.map(load => load(options)));
  if (pkinit === undefined) return others;
  const { openPkinit } = await import('./pkinit.ts');
  return [openPkinit(pkinit), ...others];
}
