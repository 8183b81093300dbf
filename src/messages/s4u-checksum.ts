import { type ChecksumValue, makeChecksum, verifyChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import { md4 } from '../crypto/md4.ts';

const RC4_HMAC = 23;
const RSA_MD4 = 2;

/** The checksum of a PA-S4U-X509-USER: of the key's own type, but without a key for RC4 (MS-SFU 2.2.2). */
export function makeS4uUserChecksum(key: Key, usage: number, userId: Uint8Array): ChecksumValue {
  if (!isUnkeyed(key)) return makeChecksum(key, usage, userId);
  return { cksumtype: RSA_MD4, checksum: md4(userId) };
}

/** Whether the checksum of a PA-S4U-X509-USER is right; if it `isUnkeyed`, that alone proves nothing. */
export function verifyS4uUserChecksum(
  key: Key,
  usage: number,
  userId: Uint8Array,
  sum: ChecksumValue,
): boolean {
  if (!isUnkeyed(key)) return verifyChecksum(key, usage, userId, sum);
  return sum.cksumtype === RSA_MD4 && Buffer.compare(md4(userId), sum.checksum) === 0;
}

/** Whether such checksums do not depend on the key; the sealed part of the reply then repeats those of both sides. */
export function isUnkeyed(key: Key): boolean {
  return key.etype === RC4_HMAC;
}
