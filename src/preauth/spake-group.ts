import { hexToBytes } from '../codec/text.ts';
import { randomBytes } from '../crypto/random.ts';
import { CodecError } from '../errors.ts';

/** A point of a curve; `multiply` takes a time that does not depend on the scalar. */
interface Point {
  add(other: Point): Point;
  subtract(other: Point): Point;
  multiply(scalar: bigint): Point;
  /** The cofactor times the point. */
  clearCofactor(): Point;
  is0(): boolean;
  toAffine(): { x: bigint; y: bigint };
  /** Compressed (RFC 9588 §5). */
  toBytes(): Uint8Array;
}

/** The arithmetic of a curve. */
export interface SpakeCurve {
  readonly BASE: Point;
  readonly Fn: { readonly ORDER: bigint };
  fromAffine(point: { x: bigint; y: bigint }): Point;
  /** Throws for what is not the one encoding of a point of the curve. */
  fromBytes(bytes: Uint8Array): Point;
  CURVE(): { readonly h: bigint };
}

/** A group's numbers in IANA's registry of Kerberos SPAKE groups (RFC 9588 §5). */
export interface SpakeParameters {
  readonly number: number;
  readonly name: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  /** Bytes of a digest. */
  readonly hashLength: number;
  /** Bytes of a scalar. */
  readonly scalarLength: number;
  /** Where the first byte of a scalar is its lowest. */
  readonly littleEndian?: true;
  /** The elements M, for the KDC's public key, and N, for the client's, whose logarithms nobody knows. */
  readonly m: string;
  readonly n: string;
}

/** Whose part of the exchange it is. */
export type SpakeParty = 'kdc' | 'client';

/** SPAKE in one group (RFC 9588 §1.4): scalars and elements as bytes in the group's encoding. */
export interface SpakeGroup
  extends Pick<SpakeParameters, 'number' | 'name' | 'hash' | 'hashLength' | 'scalarLength'> {
  /** A fresh secret scalar, x of the KDC or y of the client. */
  randomScalar(): Uint8Array;
  /** T = xG + wM of the KDC or S = yG + wN of the client. */
  publicKey(party: SpakeParty, w: Uint8Array, scalar: Uint8Array): Uint8Array;
  /** K = x(S - wN) for the KDC, y(T - wM) for the client. Throws CodecError where the peer's key is no good element. */
  sharedKey(party: SpakeParty, w: Uint8Array, own: Uint8Array, peerKey: Uint8Array): Uint8Array;
}

/** The group of these numbers in a curve. */
export function openGroup(group: SpakeParameters, curve: SpakeCurve): SpakeGroup {
  const order = curve.Fn.ORDER;
  const cofactor = curve.CURVE().h;
  const masks = { kdc: curve.fromBytes(hexToBytes(group.m)), client: curve.fromBytes(hexToBytes(group.n)) };
  // A copy without the tables that speed up the thousandth multiplication and make the first one slow.
  const generator = curve.fromAffine(curve.BASE.toAffine());

  /** Secret scalars are multiples of the cofactor: what a point has outside the group of prime order vanishes. */
  const multiply = (point: Point, scalar: Uint8Array): Point =>
    point.clearCofactor().multiply((toInteger(scalar, group) / cofactor) % order);
  const mask = (party: SpakeParty, w: Uint8Array): Point =>
    masks[party].multiply(toInteger(w, group) % order);

  return {
    number: group.number,
    name: group.name,
    hash: group.hash,
    hashLength: group.hashLength,
    scalarLength: group.scalarLength,
    randomScalar() {
      // Half as many bytes again make the remainder uniform.
      const wide = randomBytes(group.scalarLength * 1.5);
      const scalar = (toInteger(wide, group) % (order - 1n)) + 1n;
      wide.fill(0);
      return toBytes(scalar * cofactor, group);
    },
    publicKey: (party, w, scalar) => multiply(generator, scalar).add(mask(party, w)).toBytes(),
    sharedKey(party, w, own, peerKey) {
      const masked = decode(peerKey);
      const key = multiply(masked.subtract(mask(party === 'kdc' ? 'client' : 'kdc', w)), own);
      if (key.is0()) throw notAnElement();
      return key.toBytes();
    },
  };

  function decode(bytes: Uint8Array): Point {
    if (bytes.length !== group.m.length / 2) throw notAnElement();
    let point: Point;
    try {
      point = curve.fromBytes(bytes);
    } catch (cause) {
      throw notAnElement(cause);
    }
    if (point.clearCofactor().is0()) throw notAnElement();
    return point;
  }

  function notAnElement(cause?: unknown): CodecError {
    return new CodecError(`not a public key of ${group.name}`, [], { cause });
  }
}

function toInteger(bytes: Uint8Array, { littleEndian }: SpakeParameters): bigint {
  const digits = Buffer.from(bytes);
  if (littleEndian) digits.reverse();
  const integer = BigInt(`0x${digits.toString('hex')}`);
  digits.fill(0);
  return integer;
}

function toBytes(integer: bigint, { scalarLength, littleEndian }: SpakeParameters): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(integer.toString(16).padStart(2 * scalarLength, '0'), 'hex'));
  return littleEndian ? bytes.reverse() : bytes;
}
