import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import type { Point } from './ec-cubic.ts';
import { agreements, type EcAgreement, type EcCurve } from './ec-curve.ts';
import { invert, modulo, toBytes, toInteger } from './ec-numbers.ts';

const PRIME = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 0x14def9dea2f79cd65812631a5cf5d3edn;
/** The inverse of 8 modulo the order. */
const EIGHTH = 0x600000000000000000000000000000007d39db37d1cdad06106e529e2dc2f79n;
const LENGTH = 32;
const byteOrder = 'little-endian';

/** The d of the Edwards curve -x² + y² = 1 + dx²y². */
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
const ROOT_OF_MINUS_1 = 0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0n;
/** The scale in x = scale * u / v, which maps one form to the other (RFC 7748 §4.1): a root of -486664. */
const SCALE = 0x70d9120b9f5ff9442d84f723fc03b0813a5e2c2eb482e57d3391fb5500ba81e7n;

/** The Montgomery form, whose base point has the u-coordinate 9 (RFC 7748 §4.1). */
const cubic = { prime: PRIME, a: 486662n, b: 1n, c: 0n };
const BASE: Point = {
  x: 9n,
  y: 0x20ae19a1b8a086b4e01edd2c7748d14c923d4d7e6d7c61b229e9c5a27eced3d9n,
  z: 1n,
};

/** The base point times 8. */
const CLEARED_BASE: Point = {
  x: 0x275fa6d7aad65c2dd83b884dc8b65ca17a78edcaad74a91ef1716fed48c99968n,
  y: 0x1f7a44457046c61b7230bb96bf994f73b0b863988f3a6e063ad69291608d78d5n,
  z: 1n,
};

/** The DER before the scalar in a private key for X25519 (RFC 8410 §7). */
const PKCS8 = '302e020100300506032b656e04220420';

const x25519: EcAgreement<KeyObject> = {
  cubic,
  byteOrder,
  peer: point => createPublicKey({ key: jwk(point), format: 'jwk' }),
  agreement(k) {
    const key = privateKey(k);
    return peer => diffieHellman({ privateKey: key, publicKey: peer });
  },
};

/** The curve of RFC 8032, computed with X25519; points are those of its Montgomery form. */
export const edwards25519: EcCurve = {
  cubic,
  order: ORDER,
  cofactorBits: 3,
  byteOrder,
  timesBase: k => agreements(x25519, k)(BASE),
  clearedBase: CLEARED_BASE,
  multiplier: k => agreements(x25519, k),
  decode,
  encode,
};

function privateKey(k: bigint): KeyObject {
  const scalar = toBytes(clamped(k), LENGTH, byteOrder);
  try {
    // With OpenSSL 3.0 this takes a tenth of the time. Node 26 refuses it, because the public key does not match the
    // scalar.
    return createPrivateKey({ key: { ...jwk(BASE), d: scalar.toString('base64url') }, format: 'jwk' });
  } catch {
    const key = Buffer.concat([Buffer.from(PKCS8, 'hex'), scalar]);
    const made = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    key.fill(0);
    return made;
  } finally {
    scalar.fill(0);
  }
}

/**
 * A scalar whose product has the same x as that of k, and which X25519's clamping leaves unchanged: 8t with t from
 * 2^251 to 2^252. Modulo the order, k or -k has this form, except for some multiples of eight closer to zero than
 * 2^128.
 */
function clamped(k: bigint): bigint {
  const t = (k * EIGHTH) % ORDER;
  const high = t < 2n ** 251n ? ORDER - t : t;
  if (k < 1n || k >= ORDER || high >> 251n !== 1n) throw new RangeError('not a scalar of edwards25519');
  return 8n * high;
}

function jwk({ x }: Point) {
  return { kty: 'OKP', crv: 'X25519', x: toBytes(x, LENGTH, byteOrder).toString('base64url') };
}

/** RFC 8032 §5.1.3, except the points whose x is 0: the identity and the point of order two. */
function decode(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== LENGTH) return undefined;
  const integer = toInteger(bytes, byteOrder);
  const y = modulo(integer, 2n ** 255n);
  if (y >= PRIME) return undefined;
  const root = rootOfRatio(y * y - 1n, D * y * y + 1n);
  if (root === undefined || root === 0n) return undefined;
  const x = (root & 1n) === integer >> 255n ? root : PRIME - root;
  const above = 1n + y;
  return { x: (above * x) % PRIME, y: (above * SCALE) % PRIME, z: modulo((1n - y) * x, PRIME) };
}

/** RFC 8032 §5.1.2. For points of prime order, neither v nor u + 1 is 0. */
function encode({ x: u, y: v, z }: Point): Uint8Array {
  const inverse = invert(v * (u + z), PRIME);
  const x = modulo(SCALE * u * (u + z) * inverse, PRIME);
  const y = modulo((u - z) * v * inverse, PRIME);
  return toBytes(y + ((x & 1n) << 255n), LENGTH, byteOrder);
}

/** A square root of n / d, if one exists (RFC 8032 §5.1.3). */
function rootOfRatio(n: bigint, d: bigint): bigint | undefined {
  const [above, below] = [modulo(n, PRIME), modulo(d, PRIME)];
  const cube = (below * below * below) % PRIME;
  const seventh = (cube * cube * below) % PRIME;
  const root = (above * cube * toRootPower((above * seventh) % PRIME)) % PRIME;
  const square = (below * root * root) % PRIME;
  if (square === above) return root;
  return square === modulo(-above, PRIME) ? (root * ROOT_OF_MINUS_1) % PRIME : undefined;
}

/** x to the power of (p - 5) / 8, which is 2^252 - 3, by way of powers of 2^n - 1. */
function toRootPower(x: bigint): bigint {
  const x2 = shifted(x, 1, x);
  const x5 = shifted(shifted(x2, 2, x2), 1, x);
  const x10 = shifted(x5, 5, x5);
  const x20 = shifted(x10, 10, x10);
  const x50 = shifted(shifted(x20, 20, x20), 10, x10);
  const x100 = shifted(x50, 50, x50);
  const x250 = shifted(shifted(x100, 100, x100), 50, x50);
  return shifted(x250, 2, x);
}

/** x squared `times` times, multiplied by y. */
function shifted(x: bigint, times: number, y: bigint): bigint {
  let square = x;
  for (let i = 0; i < times; i++) square = (square * square) % PRIME;
  return (square * y) % PRIME;
}
