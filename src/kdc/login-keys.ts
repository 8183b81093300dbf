import { CHECKSUM_KEY, ENCRYPTION_KEY, INTEGRITY_KEY, usageConstant } from '../crypto/derive.ts';
import type { Key } from '../crypto/key.ts';
import { KU_AS_REP, KU_AS_REQ_CKSUM, KU_AS_REQ_PA_ENC_TS } from '../messages/numbers.ts';

/** Of the keys that a client's own key becomes when it logs in by encrypted timestamp: opening that, sealing the reply. */
const constants: readonly Uint8Array[] = [
  usageConstant(KU_AS_REQ_PA_ENC_TS, ENCRYPTION_KEY),
  usageConstant(KU_AS_REQ_PA_ENC_TS, INTEGRITY_KEY),
  usageConstant(KU_AS_REP, ENCRYPTION_KEY),
  usageConstant(KU_AS_REP, INTEGRITY_KEY),
  usageConstant(KU_AS_REQ_CKSUM, CHECKSUM_KEY),
];

/**
 * Those keys in base64, for `adoptLoginKeys`; undefined for enctypes where none are taken. They are as secret as the key
 * itself.
 */
export function loginKeys({ operations }: Key): string | undefined {
  const keys = operations.derived?.(constants);
  return keys && Buffer.concat(keys).toString('base64');
}

/** Spares a key to derive them: for a client that logs in once, that is as much work as to open its record. */
export function adoptLoginKeys({ operations }: Key, login: string): void {
  const bytes = Buffer.from(login, 'base64');
  const length = bytes.length / constants.length;
  const keys = constants.map((_, i) => {
    // Copied, as the bytes are part of much larger memory, which they would keep.
    const key = new Uint8Array(length);
    for (let j = 0; j < length; j++) key[j] = bytes[i * length + j]!;
    return key;
  });
  operations.adopt?.(constants, keys);
}
