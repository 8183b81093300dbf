import { randomFillSync } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** One system call fills the pool for a hundred confounders. */
const POOL_BYTES = 4096;
let pool: Buffer | undefined;
let next = POOL_BYTES;

/** A new array of `length` random bytes. */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  fillRandom(bytes, 0, length);
  return bytes;
}

/** Overwrites `length` bytes of `target` from `offset` on with random ones. */
export function fillRandom(target: Uint8Array, offset: number, length: number): void {
  if (length > POOL_BYTES) {
    randomFillSync(target, offset, length);
    return;
  }
  pool ??= Buffer.allocUnsafeSlow(POOL_BYTES);
  if (next + length > POOL_BYTES) {
    randomFillSync(pool);
    next = 0;
  }
  for (let i = 0; i < length; i++) {
    target[offset + i] = pool[next]!;
    // What was handed out may become a key: the pool keeps no copy of it.
    pool[next++] = 0;
  }
}

/** A uniform 32-bit unsigned number. */
export function randomUint32(): number {
  const bytes = randomBytes(4);
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
}

/** A request nonce: 31 bits and not zero, which every peer decodes alike (RFC 4120 §5.4.1). */
export function randomNonce(): number {
  for (;;) {
    const nonce = (systemUint32() ?? randomUint32()) >>> 1;
    if (nonce !== 0) return nonce;
  }
}

/**
 * Fills the pool and loads what it needs of node:crypto, in up to 3 ms: a client does so while it waits for the reply to its
 * first request, which needs neither.
 */
export function prepareRandom(): void {
  if (pool === undefined) fillRandom(new Uint8Array(1), 0, 1);
}

/**
 * A random number from the operating system, without node:crypto; undefined if that is loaded already, or if the system
 * has no such source.
 */
function systemUint32(): number | undefined {
  if (pool !== undefined) return undefined;
  let fd: number | undefined;
  try {
    fd = openSync('/dev/urandom', 'r');
    const bytes = Buffer.alloc(4);
    if (!fstatSync(fd).isCharacterDevice() || readSync(fd, bytes) !== 4) return undefined;
    return bytes.readUInt32BE();
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
