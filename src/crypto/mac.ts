import { createHash, hash, timingSafeEqual } from 'node:crypto';
import { Scratch } from './scratch.ts';

/** A message authentication code under one key, over the concatenated parts of `data`. */
export type Mac = (...data: readonly Uint8Array[]) => Uint8Array;

/** Lengths in bytes. */
const HASHES = {
  md5: { block: 64, digest: 16 },
  sha1: { block: 64, digest: 20 },
  sha256: { block: 64, digest: 32 },
  sha384: { block: 128, digest: 48 },
} as const;

export type HashName = keyof typeof HASHES;

/** Data of up to this length are copied behind the key and hashed in one call. */
const SHORT = 4096;
const scratch = new Scratch();
/** HMAC's ipad, four bytes at once, and the mask that turns a key padded with it into one padded with opad. */
const INNER = 0x36363636;
const INNER_TO_OUTER = INNER ^ 0x5c5c5c5c;

/**
 * HMAC (RFC 2104), truncated to `length` bytes, with keys no longer than a block of the hash. Making objects of
 * node:crypto for a key and a message takes three times as long as hashing a typical Kerberos message twice; a digest
 * as text needs no memory outside the heap.
 */
export function hmac(name: HashName, key: Uint8Array, length: number = HASHES[name].digest): Mac {
  const { block, digest } = HASHES[name];
  const inner = paddedKey(key, block);
  return (...data) => {
    const text = innerDigest(name, inner, data);
    const outer = scratch.take(block + digest);
    const words = scratch.words(inner.length);
    for (let i = 0; i < inner.length; i++) words[i] = inner[i]! ^ INNER_TO_OUTER;
    putText(outer, block, text, digest);
    const result = new Uint8Array(length);
    putText(result, 0, hash(name, outer, 'binary'), length);
    outer.fill(0);
    return result;
  };
}

/** The key padded for the inner hash, as words: a fourth as many steps for each message as with bytes. */
function paddedKey(key: Uint8Array, block: number): Int32Array {
  const padded = scratch.take(block).fill(0);
  padded.set(key);
  const inner = scratch.words(block / 4).slice();
  padded.fill(0);
  for (let i = 0; i < inner.length; i++) inner[i]! ^= INNER;
  return inner;
}

function innerDigest(name: HashName, inner: Int32Array, data: readonly Uint8Array[]): string {
  let end = 4 * inner.length;
  for (const part of data) end += part.length;
  return end > SHORT ? longDigest(name, inner, data) : shortDigest(name, inner, data, end);
}

function shortDigest(name: HashName, inner: Int32Array, data: readonly Uint8Array[], end: number): string {
  const message = scratch.take(end);
  const words = scratch.words(inner.length);
  for (let i = 0; i < inner.length; i++) words[i] = inner[i]!;
  let at = 4 * inner.length;
  for (const part of data) {
    message.set(part, at);
    at += part.length;
  }
  const digest = hash(name, message, 'binary');
  message.fill(0);
  return digest;
}

function longDigest(name: HashName, inner: Int32Array, data: readonly Uint8Array[]): string {
  const digest = createHash(name).update(inner);
  for (const part of data) digest.update(part);
  return digest.digest('binary');
}

/** Writes the first `length` characters of a text with one byte per character. */
function putText(target: Uint8Array, offset: number, text: string, length: number): void {
  for (let i = 0; i < length; i++) target[offset + i] = text.charCodeAt(i);
}

/** Whether `received` is exactly the first `length` bytes of `computed`, in constant time. */
export function macMatches(computed: Uint8Array, received: Uint8Array, length: number): boolean {
  if (received.length !== length) return false;
  // For a new array, memory outside the heap would be allocated before node:crypto reads it.
  const expected = scratch.take(length);
  for (let i = 0; i < length; i++) expected[i] = computed[i]!;
  const equal = timingSafeEqual(expected, received);
  expected.fill(0);
  return equal;
}
