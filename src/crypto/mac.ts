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
/** What turns the key as it is padded for the inner hash into that for the outer one. */
const INNER_TO_OUTER = 0x36 ^ 0x5c;

/**
 * HMAC (RFC 2104), with keys no longer than a block of the hash, of which the first `length` bytes are kept. To make objects of node:crypto for a key and a message
 * takes three times as long as to hash twice what a Kerberos message has; a digest as text needs no memory outside the heap.
 */
export function hmac(name: HashName, key: Uint8Array, length: number = HASHES[name].digest): Mac {
  const { block, digest } = HASHES[name];
  const inner = new Uint8Array(block);
  inner.set(key);
  for (let i = 0; i < block; i++) inner[i]! ^= 0x36;
  return (...data) => {
    const text = innerDigest(name, inner, data);
    const outer = scratch.take(block + digest);
    for (let i = 0; i < block; i++) outer[i] = inner[i]! ^ INNER_TO_OUTER;
    putText(outer, block, text, digest);
    const result = new Uint8Array(length);
    putText(result, 0, hash(name, outer, 'binary'), length);
    outer.fill(0);
    return result;
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
  const digest = hash(name, message, 'binary');
  message.fill(0);
  return digest;
}

function longDigest(name: HashName, inner: Uint8Array, data: readonly Uint8Array[]): string {
  const digest = createHash(name).update(inner);
  for (const part of data) digest.update(part);
  return digest.digest('binary');
}

/** Puts the beginning of text that has one byte per character. */
function putText(target: Uint8Array, offset: number, text: string, length: number): void {
  for (let i = 0; i < length; i++) target[offset + i] = text.charCodeAt(i);
}

/** Whether `received` is exactly the first `length` bytes of `computed`, in constant time. */
export function macMatches(computed: Uint8Array, received: Uint8Array, length: number): boolean {
  if (received.length !== length) return false;
  // An array that was just made has memory outside the heap allocated for it before node:crypto reads it.
  const expected = scratch.take(length);
  for (let i = 0; i < length; i++) expected[i] = computed[i]!;
  const equal = timingSafeEqual(expected, received);
  expected.fill(0);
  return equal;
}
