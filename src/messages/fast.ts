import type { ValueOf } from '../codec/codec.ts';
import { der, Int32, Microseconds, OctetString, UInt32 } from '../codec/der/primitives.ts';
import { choice, explicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { KdcReqBody } from './kdc-req.ts';
import {
  Checksum,
  EncryptedData,
  EncryptionKey,
  KerberosFlags,
  KerberosTime,
  PaData,
  PrincipalName,
  Realm,
} from './types.ts';

// RFC 6113 §5.4.

export const KrbFastArmor = sequence('KrbFastArmor', {
  armorType: explicit(0, Int32),
  armorValue: explicit(1, OctetString),
});
export type KrbFastArmor = ValueOf<typeof KrbFastArmor>;

export const PaFxFastRequest = choice('PaFxFastRequest', {
  armoredData: explicit(
    0,
    sequence('KrbFastArmoredReq', {
      armor: optional(0, KrbFastArmor),
      reqChecksum: explicit(1, Checksum),
      encFastReq: explicit(2, EncryptedData),
    }),
  ),
});
export type PaFxFastRequest = ValueOf<typeof PaFxFastRequest>;

/** The bit of `fastOptions` for hide-client-names, bit 0 of the RFC being the highest. */
export const HIDE_CLIENT_NAMES = 0x40000000;

export const KrbFastReq = sequence('KrbFastReq', {
  fastOptions: explicit(0, KerberosFlags),
  padata: explicit(1, sequenceOf(PaData)),
  reqBody: explicit(2, der(KdcReqBody)),
});
export type KrbFastReq = ValueOf<typeof KrbFastReq>;

export const PaFxFastReply = choice('PaFxFastReply', {
  armoredData: explicit(0, sequence('KrbFastArmoredRep', { encFastRep: explicit(0, EncryptedData) })),
});
export type PaFxFastReply = ValueOf<typeof PaFxFastReply>;

export const KrbFastFinished = sequence('KrbFastFinished', {
  timestamp: explicit(0, KerberosTime),
  usec: explicit(1, Microseconds),
  crealm: explicit(2, Realm),
  cname: explicit(3, PrincipalName),
  ticketChecksum: explicit(4, Checksum),
});

export const KrbFastResponse = sequence('KrbFastResponse', {
  padata: explicit(0, sequenceOf(PaData)),
  strengthenKey: optional(1, EncryptionKey),
  finished: optional(2, KrbFastFinished),
  nonce: explicit(3, UInt32),
});
export type KrbFastResponse = ValueOf<typeof KrbFastResponse>;

/** RFC 6113 §5.3. */
export const PaAuthenticationSet = sequenceOf(
  sequence('PaAuthenticationSetElement', {
    paType: explicit(0, Int32),
    paHint: optional(1, OctetString),
    paValue: optional(2, OctetString),
  }),
);
