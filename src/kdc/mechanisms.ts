import { encryptedChallenge } from './encrypted-challenge.ts';
import { encryptedTimestamp } from './encrypted-timestamp.ts';
import type { KdcPkinitOptions } from './pkinit.ts';
import type { KdcPreauth } from './preauth-mechanism.ts';

/** Every mechanism, best first; what is heavy is loaded for it. */
const table: readonly (() => KdcPreauth | Promise<KdcPreauth>)[] = [
  async () => (await import('./spake.ts')).openSpake(),
  () => encryptedChallenge,
  () => encryptedTimestamp,
  async () => (await import('./otp.ts')).openOtp(),
];

/** The mechanisms that a KDC offers if it is not told otherwise; PKINIT, before the others, if it has a certificate. */
export async function loadMechanisms(pkinit?: KdcPkinitOptions): Promise<readonly KdcPreauth[]> {
  const others = await Promise.all(table.map(load => load()));
  if (pkinit === undefined) return others;
  const { openPkinit } = await import('./pkinit.ts');
  return [openPkinit(pkinit), ...others];
}
