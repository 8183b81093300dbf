import { add, double, type Point, subtract } from '../../crypto/ec-cubic.ts';
import type { EcCurve } from '../../crypto/ec-curve.ts';
import { toBytes, toInteger } from '../../crypto/ec-numbers.ts';
import { randomBytes } from '../../crypto/random.ts';
import { CodecError } from '../../errors.ts';

/** A group's numbers in IANA's registry of Kerberos SPAKE groups (RFC 9588 §5). */
export interface SpakeParameters {
  readonly number: number;
  readonly name: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  /** Bytes of a digest. */
  readonly hashLength: number;
  /** Bytes of a scalar. */
  readonly scalarLength: number;
  readonly curve: EcCurve;
  /** The elements M, for the KDC's public key, and N, for the client's, whose discrete logarithms nobody knows. */
  readonly m: SpakeElement;
  readonly n: SpakeElement;
}

/** A point's coordinates in hexadecimal, so that decompressing it takes no square root. */
interface SpakeElement {
  readonly x: string;
  readonly y: string;
}

/** Whose part of the exchange it is. */
export type SpakeParty = 'kdc' | 'client';

/** wM, for the KDC, and wN, for the client: a secret, which can be used any number of times. */
export type SpakeMasks = Readonly<Record<SpakeParty, Point>>;

/** SPAKE in one group (RFC 9588 §1.4): scalars and elements as bytes in the group's encoding. */
export interface SpakeGroup
  extends Pick<SpakeParameters, 'number' | 'name' | 'hash' | 'hashLength' | 'scalarLength'> {
  /** A fresh secret scalar, x of the KDC or y of the client. */
  randomScalar(): Uint8Array;
  /** wM and wN. */
  masks(w: Uint8Array): SpakeMasks;
  /** T = xG + wM of the KDC or S = yG + wN of the client. */
  publicKey(party: SpakeParty, masks: SpakeMasks, scalar: Uint8Array): Uint8Array;
  /** K = x(S - wN) for the KDC, y(T - wM) for the client. Throws CodecError where the peer's key is no good element. */
  sharedKey(party: SpakeParty, masks: SpakeMasks, own: Uint8Array, peerKey: Uint8Array): Uint8Array;
}

/** The group with these parameters. */
export function openGroup({ curve, m, n, ...group }: SpakeParameters): SpakeGroup {
  const { cubic, order, byteOrder, clearedBase } = curve;
  const cofactorBits = BigInt(curve.cofactorBits);
  const multipliers = new Multipliers(curve);

  const clearCofactor = (point: Point): Point | undefined => double(cubic, point, curve.cofactorBits);
  const toScalar = (bytes: Uint8Array): bigint => toInteger(bytes, byteOrder) % order;
  // Secret scalars are multiples of the cofactor. The cofactor is divided out of the scalar and multiplied into each
  // point instead, so that any component of a public key outside the group of prime order vanishes, and is noticed if
  // nothing else remains.
  const toSecret = (bytes: Uint8Array): bigint => (toInteger(bytes, byteOrder) >> cofactorBits) % order;

  return {
    ...group,
    randomScalar() {
      // Half as many bytes again make the remainder nearly uniform. The scalar plus one must be a valid scalar, too.
      const wide = randomBytes(group.scalarLength * 1.5);
      const scalar = (toInteger(wide, byteOrder) % (order - 2n)) + 1n;
      wide.fill(0);
      return toBytes(scalar << cofactorBits, group.scalarLength, byteOrder);
    },
    masks(w) {
      const multiply = curve.multiplier(toScalar(w));
      return { kdc: multiply(toPoint(m)), client: multiply(toPoint(n)) };
    },
    publicKey(party, masks, scalar) {
      const product =
        clearedBase === undefined
          ? curve.timesBase(toScalar(scalar))
          : multipliers.open(toSecret(scalar))(clearedBase);
      return curve.encode(good(add(cubic, product, masks[party])));
    },
    sharedKey(party, masks, own, peerKey) {
      const masked = good(clearCofactor(good(curve.decode(peerKey))));
      const mask = good(clearCofactor(masks[party === 'kdc' ? 'client' : 'kdc']));
      return curve.encode(multipliers.take(toSecret(own))(good(subtract(cubic, masked, mask))));
    },
  };

  /** The point, which must neither be undefined nor the identity. */
  function good(point: Point | undefined): Point {
    if (point === undefined) throw new CodecError(`not a public key of ${group.name}`);
    return point;
  }
}

/** How many open exchanges are remembered; for one that comes later, little is lost. */
const MAX_OPEN = 64;

/** Multipliers by the secret scalars of open exchanges: making one costs as much as using it. */
class Multipliers {
  private readonly curve: EcCurve;
  private readonly opened = new Map<bigint, (point: Point) => Point>();

  constructor(curve: EcCurve) {
    this.curve = curve;
  }

  /** The multiplier for the first of two uses; the oldest one that still waits for its second use is dropped. */
  open(scalar: bigint): (point: Point) => Point {
    const made = this.curve.multiplier(scalar);
    this.opened.set(scalar, made);
    if (this.opened.size > MAX_OPEN) this.opened.delete(this.opened.keys().next().value!);
    return made;
  }

  /** The multiplier for the second use, whether or not it is still remembered. */
  take(scalar: bigint): (point: Point) => Point {
    const known = this.opened.get(scalar);
    this.opened.delete(scalar);
    return known ?? this.curve.multiplier(scalar);
  }
}

function toPoint({ x, y }: SpakeElement): Point {
  return { x: BigInt(`0x${x}`), y: BigInt(`0x${y}`), z: 1n };
}
