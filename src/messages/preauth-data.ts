import type { ValueOf } from '../codec/codec.ts';
import { Bool, GeneralString, Int32, Microseconds, OctetString } from '../codec/der/primitives.ts';
import { explicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { KerberosTime } from './types.ts';

/** RFC 4120 §5.2.7.2, sealed in the client's key. */
export const PaEncTsEnc = sequence('PaEncTsEnc', {
  patimestamp: explicit(0, KerberosTime),
  pausec: optional(1, Microseconds),
});
export type PaEncTsEnc = ValueOf<typeof PaEncTsEnc>;

/** RFC 4120 §5.2.7.4. */
export const EtypeInfo = sequenceOf(
  sequence('EtypeInfoEntry', { etype: explicit(0, Int32), salt: optional(1, OctetString) }),
);

/** One row of ETYPE-INFO2. */
const EtypeInfo2Entry = sequence('EtypeInfo2Entry', {
  etype: explicit(0, Int32),
  salt: optional(1, GeneralString),
  s2kparams: optional(2, OctetString),
});

/** RFC 4120 §5.2.7.5. */
export const EtypeInfo2 = sequenceOf(EtypeInfo2Entry);

/** MS-KILE 2.2.3, KERB-PA-PAC-REQUEST. */
export const PaPacRequest = sequence('PaPacRequest', { includePac: explicit(0, Bool) });
