import { createECDH, ECDH } from 'node:crypto';
import { affine, type Point } from './ec-cubic.ts';
import { agreements, type EcAgreement, type EcCurve } from './ec-curve.ts';
import { toBytes, toInteger } from './ec-numbers.ts';

/** A curve of FIPS 186-4 with a = -3, where every point except the identity has the prime order. */
interface NistCurve {
  /** OpenSSL's name. */
  readonly name: string;
  /** The length of a coordinate and of a scalar in bytes. */
  readonly length: number;
  readonly prime: bigint;
  readonly b: bigint;
  readonly order: bigint;
}

/** The octet before the two coordinates of a point (SEC 1 §2.3.3). */
const UNCOMPRESSED = Uint8Array.of(4);

export const p256 = nistCurve({
  name: 'prime256v1',
  length: 32,
  prime: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
});

export const p384 = nistCurve({
  name: 'secp384r1',
  length: 48,
  prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  order: 2n ** 384n - 0x389cb27e0bc8d220a7e5f24db74f58851313e695333ad68dn,
});

export const p521 = nistCurve({
  name: 'secp521r1',
  length: 66,
  prime: 2n ** 521n - 1n,
  b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  order: 2n ** 521n - 0x5ae79787c40d069948033feb708f65a2fc44a36477663b851449048e16ec79bf7n,
});

function nistCurve({ name, length, prime, b, order }: NistCurve): EcCurve {
  const byteOrder = 'big-endian';
  const cubic = { prime, a: 0n, b: prime - 3n, c: b };
  const ecdh: EcAgreement<Uint8Array> = {
    cubic,
    byteOrder,
    peer: ({ x, y }) =>
      Buffer.concat([UNCOMPRESSED, toBytes(x, length, byteOrder), toBytes(y, length, byteOrder)]),
    agreement(k) {
      const own = open(k);
      return peer => own.computeSecret(peer);
    },
  };

  return {
    cubic,
    order,
    cofactorBits: 0,
    byteOrder,
    timesBase: k => fromUncompressed(open(k).getPublicKey()),
    multiplier: k => agreements(ecdh, k),
    decode(bytes) {
      if (bytes.length !== 1 + length || (bytes[0] !== 2 && bytes[0] !== 3)) return undefined;
      try {
        const hex = ECDH.convertKey(bytes, name, undefined, 'hex', 'uncompressed');
        return fromUncompressed(Buffer.from(String(hex), 'hex'));
      } catch {
        return undefined;
      }
    },
    encode(point) {
      const { x, y } = affine(cubic, point);
      return Buffer.concat([Uint8Array.of(y & 1n ? 3 : 2), toBytes(x, length, byteOrder)]);
    },
  };

  /**
   * An ECDH object, because OpenSSL 3.0 takes four times as long to make KeyObjects of a scalar and a point as to
   * multiply them.
   */
  function open(k: bigint): ECDH {
    if (k < 1n || k >= order) throw new RangeError(`not a scalar of ${name}`);
    const scalar = toBytes(k, length, byteOrder);
    const own = createECDH(name);
    own.setPrivateKey(scalar);
    scalar.fill(0);
    return own;
  }

  /** SEC 1 §2.3.4: the octet 4, x and y. */
  function fromUncompressed(bytes: Uint8Array): Point {
    const [x, y] = [bytes.subarray(1, 1 + length), bytes.subarray(1 + length)];
    return { x: toInteger(x, byteOrder), y: toInteger(y, byteOrder), z: 1n };
  }
}
