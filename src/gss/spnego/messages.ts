import type { ValueOf } from '../../codec/codec.ts';
import { Any, der, GeneralString, ObjectIdentifier, OctetString } from '../../codec/der/primitives.ts';
import { explicit, optional, sequence, sequenceOf } from '../../codec/der/schema.ts';
import { type DerKind, DerType } from '../../codec/der/type.ts';
import { CodecError } from '../../errors.ts';

export const SPNEGO = '1.3.6.1.5.5.2';

/** The states of a negotiation in a NegTokenResp (RFC 4178 §4.2.2). */
export const ACCEPT_COMPLETED = 0;
export const ACCEPT_INCOMPLETE = 1;
export const REJECT = 2;
export const REQUEST_MIC = 3;

/** An ENUMERATED of those. */
const NegState: DerType<number> = new DerType(
  [0x0a],
  {
    read(input) {
      const end = input.open(0x0a);
      const state = input.bytes[input.offset++];
      if (input.offset !== end || state === undefined || state > REQUEST_MIC) {
        throw new CodecError('not a state of a negotiation');
      }
      return state;
    },
    write(output, state) {
      const mark = output.mark();
      output.octet(state);
      output.header(0x0a, mark);
    },
  },
  undefined,
);

/** The mechanisms that an initiator offers, the preferred first; the mechListMIC is made over its DER. */
export const MechTypeList = sequenceOf(ObjectIdentifier);

/** RFC 4178 §4.2.1; `mechTypes` is the DER of a MechTypeList. reqFlags are ignored, as nothing protects them. */
export const NegTokenInit = sequence('NegTokenInit', {
  mechTypes: explicit(0, der(MechTypeList)),
  reqFlags: optional(1, Any),
  mechToken: optional(2, OctetString),
  mechListMIC: optional(3, OctetString),
});
export type NegTokenInit = ValueOf<typeof NegTokenInit>;

/** The first message of an acceptor that speaks first (MS-SPNG §2.2.1). */
export const NegTokenInit2 = sequence('NegTokenInit2', {
  mechTypes: explicit(0, MechTypeList),
  reqFlags: optional(1, Any),
  mechToken: optional(2, OctetString),
  negHints: optional(
    3,
    sequence('NegHints', { hintName: optional(0, GeneralString), hintAddress: optional(1, OctetString) }),
  ),
  mechListMIC: optional(4, OctetString),
});
export type NegTokenInit2 = ValueOf<typeof NegTokenInit2>;

/** RFC 4178 §4.2.2. */
export const NegTokenResp = sequence('NegTokenResp', {
  negState: optional(0, NegState),
  supportedMech: optional(1, ObjectIdentifier),
  responseToken: optional(2, OctetString),
  mechListMIC: optional(3, OctetString),
});
export type NegTokenResp = ValueOf<typeof NegTokenResp>;

/** Every message but the first of each side. */
export const NegotiationResponse = explicit(1, NegTokenResp);

interface FirstToken {
  readonly mechanism: string;
  readonly token: Uint8Array;
}

const framed: DerKind<FirstToken, undefined> = {
  read(input) {
    const outer = input.enter(0x60);
    const mechanism = ObjectIdentifier.read(input);
    const token = input.bytes.subarray(input.offset, input.limit);
    input.offset = input.limit;
    input.leave(outer);
    return { mechanism, token };
  },
  write(output, { mechanism, token }) {
    const mark = output.mark();
    output.bytes(token);
    ObjectIdentifier.write(output, mechanism);
    output.header(0x60, mark);
  },
};

/** The mechanism that a context's first token names, and what follows (RFC 2743 §3.1). */
export const InitialToken: DerType<FirstToken> = new DerType([0x60], framed, undefined, 'InitialToken');

const NegotiationInit = explicit(0, NegTokenInit);
const NegotiationHint = explicit(0, NegTokenInit2);

export function encodeNegTokenInit(message: NegTokenInit): Uint8Array {
  return InitialToken.encode({ mechanism: SPNEGO, token: NegotiationInit.encode(message) });
}

/** The message of an initial token of SPNEGO. Throws CodecError. */
export function decodeNegTokenInit(token: Uint8Array): NegTokenInit {
  return NegotiationInit.decode(token);
}

export function encodeNegTokenInit2(message: NegTokenInit2): Uint8Array {
  return InitialToken.encode({ mechanism: SPNEGO, token: NegotiationHint.encode(message) });
}

/** Opens the first token of an acceptor that speaks first. Throws CodecError. */
export function decodeNegTokenInit2(token: Uint8Array): NegTokenInit2 {
  const { mechanism, token: message } = InitialToken.decode(token);
  if (mechanism !== SPNEGO) throw new CodecError(`a token of ${mechanism} where SPNEGO's belongs`);
  return NegotiationHint.decode(message);
}
