import type { ValueOf } from '../codec/codec.ts';
import { Int32, OctetString } from '../codec/der/primitives.ts';
import { choice, explicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { EncryptedData } from './types.ts';

// RFC 9588 §4.

/** The second factor type of a client that needs none. */
export const SF_NONE = 1;

export const SpakeSecondFactor = sequence('SpakeSecondFactor', {
  type: explicit(0, Int32),
  data: optional(1, OctetString),
});

const SpakeChallenge = sequence('SpakeChallenge', {
  group: explicit(0, Int32),
  pubkey: explicit(1, OctetString),
  factors: explicit(2, sequenceOf(SpakeSecondFactor)),
});
export type SpakeChallenge = ValueOf<typeof SpakeChallenge>;

const SpakeResponse = sequence('SpakeResponse', {
  pubkey: explicit(0, OctetString),
  factor: explicit(1, EncryptedData),
});
export type SpakeResponse = ValueOf<typeof SpakeResponse>;

export const PaSpake = choice('PaSpake', {
  support: explicit(0, sequence('SpakeSupport', { groups: explicit(0, sequenceOf(Int32)) })),
  challenge: explicit(1, SpakeChallenge),
  response: explicit(2, SpakeResponse),
  encdata: explicit(3, EncryptedData),
});
export type PaSpake = ValueOf<typeof PaSpake>;
