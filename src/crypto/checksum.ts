import { KerberosError } from '../errors.ts';
import type { Key } from './key.ts';
import { macMatches } from './mac.ts';
import { HMAC_MD5, hmacMd5 } from './rc4.ts';

/** The two fields of a Checksum (RFC 4120 §5.2.9). */
export interface ChecksumValue {
  readonly cksumtype: number;
  readonly checksum: Uint8Array;
}

/**
 * A keyed checksum, of the enctype's mandatory type unless `cksumtype` is -138, HMAC-MD5, which PA-FOR-USER uses with a
 * key of any enctype (MS-SFU §2.2.1); throws `ENCTYPE_UNSUPPORTED` for other types.
 */
export function makeChecksum(
  key: Key,
  usage: number,
  data: Uint8Array,
  cksumtype: number = key.profile.cksumtype,
): ChecksumValue {
  if (cksumtype === key.profile.cksumtype)
    return { cksumtype, checksum: key.operations.checksum(usage, data) };
  if (cksumtype === HMAC_MD5) return { cksumtype, checksum: hmacMd5(key.bytes, usage, data) };
  throw new KerberosError(
    'ENCTYPE_UNSUPPORTED',
    `checksum type ${cksumtype} cannot be computed with a key of encryption type ${key.etype}`,
  );
}

/** Whether `sum` is the key's checksum of `data`; also false for any type except the mandatory one of its enctype. */
export function verifyChecksum(key: Key, usage: number, data: Uint8Array, sum: ChecksumValue): boolean {
  if (sum.cksumtype !== key.profile.cksumtype) return false;
  return matches(key.operations.checksum(usage, data), sum.checksum);
}

/** Whether `checksum` is the HMAC-MD5 that PA-FOR-USER contains, whatever the key's enctype (MS-SFU §2.2.1). */
export function verifyHmacMd5(key: Key, usage: number, data: Uint8Array, checksum: Uint8Array): boolean {
  return matches(hmacMd5(key.bytes, usage, data), checksum);
}

function matches(computed: Uint8Array, received: Uint8Array): boolean {
  return macMatches(computed, received, computed.length);
}
