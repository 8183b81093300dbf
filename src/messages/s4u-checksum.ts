import { type ChecksumValue, makeChecksum, verifyChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import { md4 } from '../crypto/md4.ts';

const RC4_HMAC = 23;
const RSA_MD4 = 2;

/** The checksum of a PA-S4U-X509-USER: the key's own, but for RC4 one without a key (MS-SFU 2.2.2). */
export function makeS4uUserChecksum(key: Key, usage: number, userId: Uint8Array): ChecksumValue {
  if (!isUnkeyed(key)) return makeChecksum(key, usage, userId);
  return { cksumtype: RSA_MD4, checksum: md4(userId) };
}

/** Whether a PA-S4U-X509-USER has the checksum that it should; where it `isUnkeyed`, that proves nothing by itself. */
export function verifyS4uUserChecksum(
  key: Key,
  usage: number,
  userId: Uint8Array,
  sum: ChecksumValue,
): boolean {
  if (!isUnkeyed(key)) return verifyChecksum(key, usage, userId, sum);
  return sum.cksumtype === RSA_MD4 && Buffer.compare(md4(userId), sum.checksum) === 0;
}

/** Whether such checksums are made without the key, so that the sealed part of the reply repeats those of both sides. */
export function isUnkeyed(key: Key): boolean {
  return key.etype === RC4_HMAC;
}
