import { affine, type Cubic, type Point, recover } from './ec-cubic.ts';
import { type ByteOrder, toInteger } from './ec-numbers.ts';

/**
 * A curve whose products OpenSSL makes, in a time that does not depend on the scalar. The rest, a few operations for each
 * product, is arithmetic of big integers.
 */
export interface EcCurve {
  readonly cubic: Cubic;
  /** Of the points that matter: a prime. */
  readonly order: bigint;
  /** The bits by which all the points outnumber those: their cofactor is a power of two. */
  readonly cofactorBits: number;
  /** Of its scalars and coordinates. */
  readonly byteOrder: ByteOrder;
  /** kG, as `multiplier` makes it. */
  timesBase(k: bigint): Point;
  /** G times the cofactor, where `multiplier` is no slower than `timesBase`. */
  readonly clearedBase?: Point | undefined;
  /**
   * What makes kP of a P of prime order. Throws RangeError for a k that is not from 1 to the order less 2, and for a few
   * more of edwards25519, which chance does not hit.
   */
  multiplier(k: bigint): (point: Point) => Point;
  /** Undefined for what is not the one encoding of a point of the curve, or of one that stands for no public key. */
  decode(bytes: Uint8Array): Point | undefined;
  encode(point: Point): Uint8Array;
}

/** How OpenSSL takes a curve's scalars and points. */
export interface EcAgreement<Peer> {
  readonly cubic: Cubic;
  readonly byteOrder: ByteOrder;
  /** Of a point with a z of 1. */
  peer(point: Point): Peer;
  /** What makes the bytes of x of kP. */
  agreement(k: bigint): (peer: Peer) => Uint8Array;
}

/** What makes kP of P. An agreement tells but x of a product: y follows from a second one, with k + 1. */
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
