import { GeneralString, Int32, OctetString, Utf8String } from '../codec/der/primitives.ts';
import { explicit, optional, sequence } from '../codec/der/schema.ts';
import { Checksum, MethodData } from './types.ts';

/** MS-KKDCP 2.2.2. */
export const KdcProxyMessage = sequence('KdcProxyMessage', {
  kerbMessage: explicit(0, OctetString),
  targetDomain: optional(1, GeneralString),
  dclocatorHint: optional(2, Int32),
});

/** IAKERB-HEADER. */
export const IakerbHeader = sequence('IakerbHeader', {
  targetRealm: explicit(1, Utf8String),
  cookie: optional(2, OctetString),
});

/** IAKERB-FINISHED. */
export const IakerbFinished = sequence('IakerbFinished', { gssMic: explicit(1, Checksum) });

/** The cookie of RFC 6113 §5.2 as MIT's KDC and ours fill it. */
export const SecureCookie = sequence('SecureCookie', { time: Int32, data: MethodData });
