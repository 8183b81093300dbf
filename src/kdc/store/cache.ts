import type { StoreFile } from './file.ts';

interface Cached<T> {
  readonly key: string;
  /** The end of the sealed record. */
  readonly tail: Uint8Array;
  readonly value: T;
  /** The file's version at which the record was last seen unchanged. */
  version: number;
}

/** A sealed record ends with its MAC, which is unique. */
const TAIL_BYTES = 24;
/** An opened principal takes about two kilobytes. */
const MAX_KEPT = 16_384;
/** A login asks two or three times, one request after the other. */
const MAX_RECENT = 64;
/** The number of marks for recently opened records. */
const MAX_MARKS = 4096;

/** Opens a record, whose bytes are lent; `kept` says whether the value will be cached. */
type OpenRecord<T> = (key: string, bytes: Uint8Array, kept: boolean) => T;

/**
 * A cache of opened records, valid while the file still contains them unchanged. If there are more records than room,
 * most are used once and not again for long; caching them only to drop them later would cost the garbage collector more
 * than opening them. So new ones are dropped soon, and those that had to be opened twice are kept (the 2Q algorithm of
 * Johnson and Shasha).
 */
export class EntryCache<T> {
  private readonly recent = new Slots<T>(MAX_RECENT);
  private readonly kept = new Slots<T>(MAX_KEPT);
  /** Marks of opened records, indexed by the hash of the name. */
  private readonly marks = new Int32Array(MAX_MARKS);
  private readonly file: StoreFile;
  private readonly open: OpenRecord<T>;

  constructor(file: StoreFile, open: OpenRecord<T>) {
    this.file = file;
    this.open = open;
  }

  /** The value of a record; undefined if there is none. Throws what `open` throws. */
  find(key: string): T | undefined {
    const hash = hashOf(key);
    const known = this.kept.find(hash, key) ?? this.recent.find(hash, key);
    const version = this.file.version();
    if (known?.version === version) return known.value;
    const bytes = this.file.lend(key);
    if (known !== undefined && bytes !== undefined && endsWith(bytes, known.tail)) {
      known.version = version;
      return known.value;
    }
    this.kept.remove(hash, key);
    this.recent.remove(hash, key);
    if (bytes === undefined) return undefined;
    const tail = tailOf(bytes);
    const isKept = this.mark(hash);
    const value = this.open(key, bytes, isKept);
    (isKept ? this.kept : this.recent).add(hash, { key, tail, value, version });
    return value;
  }

  /** Marks a record; returns whether it was marked before. */
  private mark(hash: number): boolean {
    const place = hash & (MAX_MARKS - 1);
    const isMarked = this.marks[place] === hash;
    this.marks[place] = hash;
    return isMarked;
  }
}

/**
 * Each entry may be in one of two slots, where the older one is replaced. A Map with many additions and removals leaves
 * old tables behind, which keep their contents alive until a full garbage collection.
 */
class Slots<T> {
  private readonly slots: (Cached<T> | undefined)[];

  /** `size` is a power of two. */
  constructor(size: number) {
    this.slots = new Array<Cached<T> | undefined>(size).fill(undefined);
  }

  find(hash: number, key: string): Cached<T> | undefined {
    const first = this.first(hash);
    const found = this.slots[first];
    if (found?.key === key) return found;
    const other = this.slots[first ^ 1];
    return other?.key === key ? other : undefined;
  }

  add(hash: number, entry: Cached<T>): void {
    const first = this.first(hash);
    this.slots[first ^ 1] = this.slots[first];
    this.slots[first] = entry;
  }

  remove(hash: number, key: string): void {
    const first = this.first(hash);
    for (const slot of [first, first ^ 1]) if (this.slots[slot]?.key === key) this.slots[slot] = undefined;
  }

  private first(hash: number): number {
    return hash & (this.slots.length - 1);
  }
}

function tailOf(bytes: Uint8Array): Uint8Array {
  const tail = new Uint8Array(Math.min(bytes.length, TAIL_BYTES));
  for (let i = 0; i < tail.length; i++) tail[i] = bytes[bytes.length - tail.length + i]!;
  return tail;
}

function endsWith(bytes: Uint8Array, tail: Uint8Array): boolean {
  const start = bytes.length - tail.length;
  for (let i = 0; i < tail.length; i++) if (bytes[start + i] !== tail[i]) return false;
  return true;
}

/**
 * Never 0, which means no mark. Only names of existing records count, so that collisions cannot be made without the
 * right to make records.
 */
function hashOf(key: string): number {
  let hash = key.length;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x9e3779b1) ^ (hash >>> 15);
  return hash | (1 << 31);
}
