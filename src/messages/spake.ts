import type { ValueOf } from '../codec/codec.ts';
import { Int32, OctetString } from '../codec/der/primitives.ts';
import { choice, explicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { EncryptedData } from './types.ts';

// RFC 9588 §4.

export const SpakeSecondFactor = sequence('SpakeSecondFactor', {
  type: explicit(0, Int32),
  data: optional(1, OctetString),
});

export const PaSpake = choice('PaSpake', {
  support: explicit(0, sequence('SpakeSupport', { groups: explicit(0, sequenceOf(Int32)) })),
  challenge: explicit(
    1,
    sequence('SpakeChallenge', {
      group: explicit(0, Int32),
      pubkey: explicit(1, OctetString),
      factors: explicit(2, sequenceOf(SpakeSecondFactor)),
    }),
  ),
  response: explicit(
    2,
    sequence('SpakeResponse', { pubkey: explicit(0, OctetString), factor: explicit(1, EncryptedData) }),
  ),
  encdata: explicit(3, EncryptedData),
});
export type PaSpake = ValueOf<typeof PaSpake>;
