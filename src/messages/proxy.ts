import type { ValueOf } from '../codec/codec.ts';
import { Any, GeneralString, Int32, OctetString, Utf8String } from '../codec/der/primitives.ts';
import { explicit, optional, sequence } from '../codec/der/schema.ts';
import { Checksum, MethodData } from './types.ts';

/** MS-KKDCP 2.2.2. */
export const KdcProxyMessage = sequence('KdcProxyMessage', {
  kerbMessage: explicit(0, OctetString),
  targetDomain: optional(1, GeneralString),
  dclocatorHint: optional(2, Int32),
});

/**
 * IAKERB-HEADER (draft-ietf-kitten-iakerb-03 §3.1). The realm is the DER of a UTF8String by the draft, of an OCTET STRING
 * in MIT's library, which reads nothing else; `iakerbRealm` reads both. The flags are Microsoft's.
 */
export const IakerbHeader = sequence('IakerbHeader', {
  targetRealm: explicit(1, Any),
  cookie: optional(2, OctetString),
  flags: optional(3, Any),
});
export type IakerbHeader = ValueOf<typeof IakerbHeader>;

/** The realm of an IAKERB-HEADER. Throws CodecError. */
export function iakerbRealm({ targetRealm }: IakerbHeader): string {
  if (targetRealm[0] === Utf8String.tags[0]) return Utf8String.decode(targetRealm);
  return Buffer.from(OctetString.decode(targetRealm)).toString();
}

/** IAKERB-FINISHED (§3.4): proves that both sides have seen the same exchange. */
export const IakerbFinished = sequence('IakerbFinished', { gssMic: explicit(1, Checksum) });

/** The cookie of RFC 6113 §5.2 as MIT's KDC and ours fill it. */
export const SecureCookie = sequence('SecureCookie', { time: Int32, data: MethodData });
