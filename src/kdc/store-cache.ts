import type { StoreFile } from './store-file.ts';

interface Cached<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
  /** The file's version at which the record was last seen to be so. */
  version: number;
}

/** An opened principal takes about two kilobytes. */
const MAX_ENTRIES = 16_384;

/**
 * Records that have been opened, as long as they are in the file as they were: what changes is seen at once, and what
 * does not change stays open. The one opened first gives way.
 */
export class EntryCache<T> {
  private readonly cached = new Map<string, Cached<T>>();
  private readonly file: StoreFile;
  private readonly open: (key: string, bytes: Uint8Array) => T;

  constructor(file: StoreFile, open: (key: string, bytes: Uint8Array) => T) {
    this.file = file;
    this.open = open;
  }

  /** The value of a record; undefined where there is none. Throws what `open` throws. */
  find(key: string): T | undefined {
    const known = this.cached.get(key);
    const version = this.file.version();
    if (known?.version === version) return known.value;
    const bytes = this.file.get(key);
    if (known !== undefined && bytes !== undefined && Buffer.compare(known.bytes, bytes) === 0) {
      known.version = version;
      return known.value;
    }
    this.cached.delete(key);
    if (bytes === undefined) return undefined;
    const value = this.open(key, bytes);
    if (this.cached.size >= MAX_ENTRIES) this.cached.delete(this.cached.keys().next().value!);
    this.cached.set(key, { bytes, value, version });
    return value;
  }
}
