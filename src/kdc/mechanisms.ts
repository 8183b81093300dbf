import { encryptedTimestamp } from './encrypted-timestamp.ts';
import type { KdcPreauth } from './preauth-mechanism.ts';

/** Every mechanism, best first; what is heavy is loaded for it. */
const table: readonly (() => KdcPreauth | Promise<KdcPreauth>)[] = [
  async () => (await import('./spake.ts')).openSpake(),
  () => encryptedTimestamp,
];

/** The mechanisms that a KDC offers if it is not told otherwise. */
export function loadMechanisms(): Promise<readonly KdcPreauth[]> {
  return Promise.all(table.map(load => load()));
}
