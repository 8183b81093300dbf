import { affine, type Cubic, type Point, recover } from './ec-cubic.ts';
import { type ByteOrder, toInteger } from './ec-numbers.ts';

/**
 * A curve whose scalar products OpenSSL computes, in a time that does not depend on the scalar. The few other
 * operations for each product are computed with big integers.
 */
export interface EcCurve {
  readonly cubic: Cubic;
  /** The order of the base point, a prime. */
  readonly order: bigint;
  /** The binary logarithm of the cofactor, which is a power of two. */
  readonly cofactorBits: number;
  /** The byte order of its scalars and coordinates. */
  readonly byteOrder: ByteOrder;
  /** kG, with the limits of `multiplier`. */
  timesBase(k: bigint): Point;
  /** G times the cofactor, for curves on which `multiplier` is no slower than `timesBase`. */
  readonly clearedBase?: Point | undefined;
  /**
   * A function from a P of prime order to kP. Throws RangeError for a k that is not from 1 to the order minus 2, and
   * for a few more on edwards25519, which a random k does not hit in practice.
   */
  multiplier(k: bigint): (point: Point) => Point;
  /**
   * Undefined for bytes that are not the canonical encoding of a point of the curve, or for a point that is no public
   * key.
   */
  decode(bytes: Uint8Array): Point | undefined;
  encode(point: Point): Uint8Array;
}

/** OpenSSL's key agreement on a curve, and its form of points. */
export interface EcAgreement<Peer> {
  readonly cubic: Cubic;
  readonly byteOrder: ByteOrder;
  /** OpenSSL's form of a point with a z of 1. */
  peer(point: Point): Peer;
  /** A function from P to the bytes of kP's x. */
  agreement(k: bigint): (peer: Peer) => Uint8Array;
}

/** A function from P to kP. An agreement gives only x of the product: y follows from a second agreement, with k + 1. */
export function agreements<Peer>(
  { cubic, byteOrder, peer, agreement }: EcAgreement<Peer>,
  k: bigint,
): (point: Point) => Point {
  const [agree, agreeNext] = [agreement(k), agreement(k + 1n)];
  return factor => {
    const point = affine(cubic, factor);
    const other = peer(point);
    return recover(cubic, point, { x: toX(agree(other)), next: toX(agreeNext(other)) });
  };

  function toX(secret: Uint8Array): bigint {
    const x = toInteger(secret, byteOrder);
    secret.fill(0);
    return x;
  }
}
