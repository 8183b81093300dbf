import { createECDH, createPrivateKey, createPublicKey, ECDH } from 'node:crypto';
import { affine, type Point } from './ec-cubic.ts';
import { agreements, type EcCurve, type EcKeys } from './ec-curve.ts';
import { toBytes, toInteger } from './ec-numbers.ts';

/** A curve of FIPS 186-4 with a = -3, where every point but the identity has the prime order. */
interface NistCurve {
  /** OpenSSL's name. */
  readonly name: string;
  /** Bytes of a coordinate and of a scalar. */
  readonly length: number;
  readonly prime: bigint;
  readonly b: bigint;
  readonly order: bigint;
  /** What stands before and after the scalar in an ECPrivateKey (RFC 5915 §3) without the public key. */
  readonly privateKey: readonly [string, string];
  /** What stands before the coordinates in a SubjectPublicKeyInfo (RFC 5480 §2). */
  readonly publicKey: string;
}

export const p256 = nistCurve({
  name: 'prime256v1',
  length: 32,
  prime: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  privateKey: ['30310201010420', 'a00a06082a8648ce3d030107'],
  publicKey: '3059301306072a8648ce3d020106082a8648ce3d03010703420004',
});

export const p384 = nistCurve({
  name: 'secp384r1',
  length: 48,
  prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  order: 2n ** 384n - 0x389cb27e0bc8d220a7e5f24db74f58851313e695333ad68dn,
  privateKey: ['303e0201010430', 'a00706052b81040022'],
  publicKey: '3076301006072a8648ce3d020106052b8104002203620004',
});

export const p521 = nistCurve({
  name: 'secp521r1',
  length: 66,
  prime: 2n ** 521n - 1n,
  b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  order: 2n ** 521n - 0x5ae79787c40d069948033feb708f65a2fc44a36477663b851449048e16ec79bf7n,
  privateKey: ['30500201010442', 'a00706052b81040023'],
  publicKey: '30819b301006072a8648ce3d020106052b810400230381860004',
});

function nistCurve({ name, length, prime, b, order, ...der }: NistCurve): EcCurve {
  const byteOrder = 'big-endian';
  const cubic = { prime, a: 0n, b: prime - 3n, c: b };
  const keys: EcKeys = {
    cubic,
    byteOrder,
    privateKey(k) {
      const scalar = toScalar(k);
      const [before, after] = der.privateKey.map(hex => Buffer.from(hex, 'hex'));
      const key = Buffer.concat([before!, scalar, after!]);
      const made = createPrivateKey({ key, format: 'der', type: 'sec1' });
      scalar.fill(0);
      key.fill(0);
      return made;
    },
    publicKey({ x, y }) {
      const coordinates = [x, y].map(number => toBytes(number, length, byteOrder));
      const key = Buffer.concat([Buffer.from(der.publicKey, 'hex'), ...coordinates]);
      return createPublicKey({ key, format: 'der', type: 'spki' });
    },
  };

  return {
    cubic,
    order,
    cofactorBits: 0,
    byteOrder,
    timesBase(k) {
      const scalar = toScalar(k);
      const ecdh = createECDH(name);
      ecdh.setPrivateKey(scalar);
      scalar.fill(0);
      return fromUncompressed(ecdh.getPublicKey());
    },
    multiplier: k => agreements(keys, k),
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

  function toScalar(k: bigint): Buffer {
    if (k < 1n || k >= order) throw new RangeError(`not a scalar of ${name}`);
    return toBytes(k, length, byteOrder);
  }

  /** SEC 1 §2.3.4: 4, x and y. */
  function fromUncompressed(bytes: Uint8Array): Point {
    const [x, y] = [bytes.subarray(1, 1 + length), bytes.subarray(1 + length)];
    return { x: toInteger(x, byteOrder), y: toInteger(y, byteOrder), z: 1n };
  }
}
