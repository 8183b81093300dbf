import { CHECKSUM_KEY, ENCRYPTION_KEY, INTEGRITY_KEY, usageConstant } from '../crypto/derive.ts';
import type { Key } from '../crypto/key.ts';
import { KU_AS_REP, KU_AS_REQ_CKSUM, KU_AS_REQ_PA_ENC_TS } from '../messages/numbers.ts';

/**
 * The constants of the keys that a login by encrypted timestamp derives from the client's key: to open the timestamp
 * and to seal the reply.
 */
const constants: readonly Uint8Array[] = [
  usageConstant(KU_AS_REQ_PA_ENC_TS, ENCRYPTION_KEY),
  usageConstant(KU_AS_REQ_PA_ENC_TS, INTEGRITY_KEY),
  usageConstant(KU_AS_REP, ENCRYPTION_KEY),
  usageConstant(KU_AS_REP, INTEGRITY_KEY),
  usageConstant(KU_AS_REQ_CKSUM, CHECKSUM_KEY),
];

/**
 * These keys in base64, for `adoptLoginKeys`; undefined for enctypes that do not need it. They are as secret as the key
 * itself.
 */
export function loginKeys({ operations }: Key): string | undefined {
  const keys = operations.derived?.(constants);
  return keys && Buffer.concat(keys).toString('base64');
}

/** Saves deriving these keys, which for a client that logs in once is as much work as opening its record. */
export function adoptLoginKeys({ operations }: Key, login: string): void {
  const bytes = Buffer.from(login, 'base64');
  const length = bytes.length / constants.length;
  const keys = constants.map((_, i) => {
    // Copied, because the bytes are part of a much larger buffer, which they would keep in memory.
    const key = new Uint8Array(length);
    for (let j = 0; j < length; j++) key[j] = bytes[i * length + j]!;
    return key;
  });
  operations.adopt?.(constants, keys);
}
