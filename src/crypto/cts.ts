import {
  type Cipher,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type Decipher,
  type KeyObject,
} from 'node:crypto';
import { Scratch } from './scratch.ts';

/** The block size of AES and Camellia. */
export const BLOCK = 16;
const ZERO_BLOCK = new Uint8Array(BLOCK);
/** The block of ciphertext that is being reassembled. */
const stolen = new Uint8Array(BLOCK);

/**
 * A block cipher under one key, in CBC with a zero IV and in CBC with ciphertext stealing (RFC 3962 §5), which
 * node:crypto does not provide.
 *
 * Making a cipher object costs five times as much as encrypting a small message, so each direction keeps one running
 * chain: the last ciphertext block that passed through it is removed, by XOR, from the first block of the next message.
 */
export class BlockCipher {
  private readonly algorithm: string;
  private readonly key: KeyObject | Uint8Array;
  private encryptor: Cipher | undefined;
  private decryptor: Decipher | undefined;
  /** The block whose ciphertext is all zeros: what follows it in the chain is encrypted as with a zero IV. */
  private beforeZeroIv: Uint8Array | undefined;
  /** The last block of ciphertext in each direction, once there is one. */
  private sent: Uint8Array | undefined;
  private received: Uint8Array | undefined;

  /** `algorithm` is OpenSSL's name of the CBC mode. */
  constructor(algorithm: string, key: Uint8Array) {
    this.algorithm = algorithm;
    this.key = cipherKey(key);
  }

  /** CBC with a zero IV over whole blocks; overwrites the first block of `blocks`. */
  encryptBlocks(blocks: Uint8Array): Buffer {
    this.encryptor ??= createEncryptor(this.algorithm, this.key, ZERO_BLOCK);
    const { sent } = this;
    if (sent !== undefined) for (let i = 0; i < BLOCK; i++) blocks[i]! ^= sent[i]!;
    const out = this.encryptor.update(blocks);
    this.sent = keepLast(out, sent);
    return out;
  }

  /**
   * CBC-CTS of `padded` from `start`, a multiple of the block size, to `end`, at least one block later. From `end` on,
   * `padded` must be zero; it consists of whole blocks and is overwritten. The result is as long as `padded`; the
   * caller may use what is before `start` and after `end`.
   */
  encrypt(padded: Uint8Array, end: number, start = 0): Buffer {
    for (let at = 0; at < start; at += BLOCK) {
      this.beforeZeroIv ??= this.decryptBlocks(ZERO_BLOCK);
      padded.set(this.beforeZeroIv, at);
    }
    const out = this.encryptBlocks(padded);
    const last = lastBlock(end);
    for (let i = last; last > start && i < last + BLOCK; i++) {
      const byte = out[i]!;
      out[i] = out[i - BLOCK]!;
      out[i - BLOCK] = byte;
    }
    return out;
  }

  /**
   * The inverse of CBC-CTS for the first `length` of `bytes`, at least one block. The bytes after them fill the last
   * block, so that the plaintext need not be copied to make room for it.
   */
  decrypt(bytes: Uint8Array, length = bytes.length): Buffer {
    const whole = wholeBlocks(length);
    const last = whole - BLOCK;
    const blocks = bytes.length < whole ? filled(bytes, whole) : bytes.subarray(0, whole);
    const out = this.decryptBlocks(blocks);
    if (last === 0) return out;
    if (length === whole) return swapLast(out, bytes, last);
    // The last whole block, which the sender moved forward, contains the final plaintext and the rest of its
    // predecessor.
    const previous = last > BLOCK ? last - 2 * BLOCK : undefined;
    for (let i = 0; i < BLOCK; i++) {
      stolen[i] = out[last - BLOCK + i]! ^ (previous === undefined ? 0 : bytes[previous + i]!);
      if (last + i >= length) continue;
      out[last + i] = stolen[i]! ^ bytes[last + i]!;
      stolen[i] = bytes[last + i]!;
    }
    const tail = this.decryptBlocks(stolen);
    for (let i = 0; i < BLOCK; i++) {
      out[last - BLOCK + i] = tail[i]! ^ (previous === undefined ? 0 : bytes[previous + i]!);
    }
    return out.length === length ? out : out.subarray(0, length);
  }

  private decryptBlocks(blocks: Uint8Array): Buffer {
    this.decryptor ??= lent(this.key, key =>
      createDecipheriv(this.algorithm, key, ZERO_BLOCK),
    ).setAutoPadding(false);
    const out = this.decryptor.update(blocks);
    const { received } = this;
    if (received !== undefined) for (let i = 0; i < BLOCK; i++) out[i]! ^= received[i]!;
    this.received = keepLast(blocks, received);
    return out;
  }
}

/**
 * Corrects the last two blocks, the second of them at `last`. They were decrypted in the order in which they were
 * received, which is the wrong one: if both are whole, each was only combined with the wrong predecessor.
 */
function swapLast(out: Buffer, bytes: Uint8Array, last: number): Buffer {
  const first = last - BLOCK;
  for (let i = 0; i < BLOCK; i++) {
    const previous = first === 0 ? 0 : bytes[first - BLOCK + i]!;
    const [a, b] = [bytes[first + i]!, bytes[last + i]!];
    const behind = out[first + i]! ^ previous ^ b;
    out[first + i] = out[last + i]! ^ a ^ previous;
    out[last + i] = behind;
  }
  return out;
}

/** A copy of the last of `blocks`, in the memory of `kept` if given. */
function keepLast(blocks: Uint8Array, kept: Uint8Array = new Uint8Array(BLOCK)): Uint8Array {
  const last = blocks.length - BLOCK;
  for (let i = 0; i < BLOCK; i++) kept[i] = blocks[last + i]!;
  return kept;
}

/** `length` rounded up to whole blocks. */
export function wholeBlocks(length: number): number {
  return (length + BLOCK - 1) & -BLOCK;
}

const filledBlocks = new Scratch();

/** `bytes` in an array of `length`; the content after them is undefined. */
function filled(bytes: Uint8Array, length: number): Uint8Array {
  const out = filledBlocks.take(length);
  out.set(bytes);
  return out;
}

/** The encrypting side of a cipher of node:crypto. */
export function createEncryptor(
  algorithm: string,
  key: KeyObject | Uint8Array,
  iv: Uint8Array | null,
): Cipher {
  return lent(key, bytes => createCipheriv(algorithm, bytes, iv));
}

const lentKey = new Scratch();

/** Lets `use` read the bytes of a key from shared memory, which saves allocating memory outside the heap. */
function lent<T>(key: KeyObject | Uint8Array, use: (key: KeyObject | Uint8Array) => T): T {
  if (!(key instanceof Uint8Array)) return use(key);
  const bytes = lentKey.take(key.length);
  bytes.set(key);
  const result = use(bytes);
  bytes.fill(0);
  return result;
}

let keyObjects: boolean | undefined;

/**
 * A key in the form that node:crypto handles fastest: in Node 20 and 22, making a KeyObject for one cipher costs as
 * much as the cipher; in Node 24, a key in any other form costs ten times that.
 */
export function cipherKey(key: Uint8Array): KeyObject | Uint8Array {
  keyObjects ??= Number.parseInt(process.versions.node, 10) >= 23;
  return keyObjects ? createSecretKey(key) : key;
}

/** The offset of the last block, which may be partial. */
function lastBlock(length: number): number {
  return wholeBlocks(length) - BLOCK;
}
