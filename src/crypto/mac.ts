import { createHash, hash, timingSafeEqual } from 'node:crypto';
import { Scratch } from './scratch.ts';

/** A message authentication code under one key, over the parts of `data`, one behind the other. */
export type Mac = (...data: readonly Uint8Array[]) => Uint8Array;

/** Lengths in bytes. */
const HASHES = {
  md5: { block: 64, digest: 16 },
  sha1: { block: 64, digest: 20 },
  sha256: { block: 64, digest: 32 },
  sha384: { block: 128, digest: 48 },
} as const;

export type HashName = keyof typeof HASHES;

/** Data up to this length are laid behind the key and hashed in one call. */
const SHORT = 4096;
const scratch = new Scratch();

/**
 * HMAC (RFC 2104), with keys no longer than a block of the hash. To make objects of node:crypto for a key and a message
 * takes three times as long as to hash twice what a Kerberos message has; a digest in hexadecimal needs no memory of its own.
 */
export function hmac(name: HashName, key: Uint8Array): Mac {
  const { block, digest } = HASHES[name];
  const inner = Buffer.alloc(block);
  const outer = Buffer.alloc(block + digest);
  inner.set(key);
  for (let i = 0; i < block; i++) {
    outer[i] = inner[i]! ^ 0x5c;
    inner[i]! ^= 0x36;
  }
  return (...data) => {
    outer.write(innerDigest(name, inner, data), block, 'hex');
    return Buffer.from(hash(name, outer, 'hex'), 'hex');
  };
}

function innerDigest(name: HashName, inner: Uint8Array, data: readonly Uint8Array[]): string {
  let end = inner.length;
  for (const part of data) end += part.length;
  return end > SHORT ? longDigest(name, inner, data) : shortDigest(name, inner, data, end);
}

function shortDigest(name: HashName, inner: Uint8Array, data: readonly Uint8Array[], end: number): string {
  const message = scratch.take(end);
  message.set(inner);
  let at = inner.length;
  for (const part of data) {
    message.set(part, at);
    at += part.length;
  }
  const digest = hash(name, message, 'hex');
  message.fill(0);
  return digest;
}

function longDigest(name: HashName, inner: Uint8Array, data: readonly Uint8Array[]): string {
  const digest = createHash(name).update(inner);
  for (const part of data) digest.update(part);
  return digest.digest('hex');
}

/** Whether `received` is exactly the first `length` bytes of `computed`, in constant time. */
export function macMatches(computed: Uint8Array, received: Uint8Array, length: number): boolean {
  return received.length === length && timingSafeEqual(computed.subarray(0, length), received);
}
