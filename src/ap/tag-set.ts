import { randomUint32 } from '../crypto/random.ts';

/** How many 32-bit words a tag has. */
const WORDS = 3;
const FEWEST_SLOTS = 16;

/**
 * A set of 12-byte tags that only grows. It is one array of numbers: thousands of strings per second would keep the
 * garbage collector busy.
 */
export class TagSet {
  size = 0;
  private words = new Uint32Array(FEWEST_SLOTS * WORDS);
  private taken = new Uint8Array(FEWEST_SLOTS);
  /** A random factor, so that nobody can predict which slot a tag gets. */
  private readonly factor = randomUint32() | 1;

  has(tag: Uint8Array): boolean {
    return this.taken[this.slotOf(wordAt(tag, 0), wordAt(tag, 4), wordAt(tag, 8))] === 1;
  }

  /** Whether the tag is new. */
  add(tag: Uint8Array): boolean {
    const isNew = this.put(wordAt(tag, 0), wordAt(tag, 4), wordAt(tag, 8));
    if (isNew && 2 * this.size > this.taken.length) this.grow();
    return isNew;
  }

  private put(a: number, b: number, c: number): boolean {
    const slot = this.slotOf(a, b, c);
    if (this.taken[slot] === 1) return false;
    this.taken[slot] = 1;
    this.words[slot * WORDS] = a;
    this.words[slot * WORDS + 1] = b;
    this.words[slot * WORDS + 2] = c;
    this.size++;
    return true;
  }

  /** The slot of a tag, or the one where it would be put. */
  private slotOf(a: number, b: number, c: number): number {
    const { words, taken } = this;
    const last = taken.length - 1;
    let slot = (Math.imul(a ^ (b << 1), this.factor) >>> 7) & last;
    for (; taken[slot] === 1; slot = (slot + 1) & last) {
      const at = slot * WORDS;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c) break;
    }
    return slot;
  }

  private grow(): void {
    const { words, taken } = this;
    this.words = new Uint32Array(2 * words.length);
    this.taken = new Uint8Array(2 * taken.length);
    this.size = 0;
    for (let slot = 0; slot < taken.length; slot++) {
      const at = slot * WORDS;
      if (taken[slot] === 1) this.put(words[at]!, words[at + 1]!, words[at + 2]!);
    }
  }
}

/** Four bytes as a number; missing bytes count as zero. */
function wordAt(tag: Uint8Array, at: number): number {
  const octet = (i: number): number => tag[at + i] ?? 0;
  return ((octet(0) << 24) | (octet(1) << 16) | (octet(2) << 8) | octet(3)) >>> 0;
}
