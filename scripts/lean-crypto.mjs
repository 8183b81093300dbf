// The functions of node:crypto that every login with a password needs: to load that module takes a command a tenth of
// the time of a bare Node, nearly all of it for streams, key objects and certificates. Whatever is asked for in another
// way goes to the module, and in Node 24 everything, which lets nobody else below it.
import {
  createSecretKey,
  createCipheriv as ordinaryCipher,
  createDecipheriv as ordinaryDecipher,
  timingSafeEqual as ordinaryEqual,
  hash as ordinaryHash,
  createHash as ordinaryHashing,
  pbkdf2Sync as ordinaryPbkdf2,
  randomFillSync as ordinaryRandomFill,
} from 'node:crypto';
import { belowCrypto } from './lean-binding.mjs';

export { createPrivateKey, createPublicKey, diffieHellman } from './lean-x25519.mjs';
export { createSecretKey };

export function pbkdf2Sync(password, salt, iterations, length, digest) {
  const below = belowCrypto();
  if (below === undefined || typeof password === 'string')
    return ordinaryPbkdf2(password, salt, iterations, length, digest);
  const job = new below.PBKDF2Job(below.kCryptoJobSync, password, salt, iterations, length, digest);
  return Buffer.from(resultOf(job));
}

export function randomFillSync(bytes, offset = 0, length = bytes.byteLength - offset) {
  const below = belowCrypto();
  if (below === undefined || length === 0) return ordinaryRandomFill(bytes, offset, length);
  resultOf(new below.RandomBytesJob(below.kCryptoJobSync, bytes, offset, length));
  return bytes;
}

function resultOf(job) {
  const [error, result] = job.run();
  if (error !== undefined) throw error;
  return result;
}

export function timingSafeEqual(a, b) {
  const equal = belowCrypto()?.timingSafeEqual ?? ordinaryEqual;
  return equal(a, b);
}

export function hash(name, bytes, encoding) {
  if (belowCrypto() === undefined || encoding !== 'binary') return ordinaryHash(name, bytes, encoding);
  return newHash(name).update(bytes).digest('latin1');
}

export function createHash(name, options) {
  return belowCrypto() === undefined || options !== undefined
    ? ordinaryHashing(name, options)
    : newHash(name);
}

/** The numbers that hashes have after their first use. */
const hashNumbers = {};

function newHash(name) {
  return new Hash(new (belowCrypto().Hash)(name, undefined, hashNumbers[name] ?? -1, hashNumbers));
}

/** A Hash that is no stream, of bytes. */
class Hash {
  constructor(below) {
    this.below = below;
  }

  update(bytes) {
    this.below.update(bytes);
    return this;
  }

  digest(encoding) {
    return this.below.digest(encoding);
  }
}

export function createCipheriv(algorithm, key, iv, options) {
  return isPlain(algorithm, key, options)
    ? new Cipher(true, algorithm, key, iv)
    : ordinaryCipher(algorithm, key, iv, options);
}

export function createDecipheriv(algorithm, key, iv, options) {
  return isPlain(algorithm, key, options)
    ? new Cipher(false, algorithm, key, iv)
    : ordinaryDecipher(algorithm, key, iv, options);
}

/** Modes without a tag, and keys that are bytes. */
function isPlain(algorithm, key, options) {
  const isKnown = options === undefined && /-(?:cbc|ecb)$/.test(algorithm) && key instanceof Uint8Array;
  return isKnown && belowCrypto() !== undefined;
}

const NO_TAG = -1;

/** A Cipher or Decipher that is no stream, of bytes. */
class Cipher {
  constructor(encrypts, algorithm, key, iv) {
    const { CipherBase } = belowCrypto();
    this.below = new CipherBase(encrypts);
    this.below.initiv(algorithm, key, iv, NO_TAG);
  }

  update(bytes) {
    return this.below.update(bytes);
  }

  final() {
    return this.below.final();
  }

  setAutoPadding(pads) {
    this.below.setAutoPadding(pads);
    return this;
  }
}
