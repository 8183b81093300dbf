import { type OpenFile, withFile } from './read-at.ts';

const MAGIC = 0xde020109;
const HEADER_SIZE = 56;
const HASH_ENTRY_SIZE = 12;
const LC_TIME = 2;

/**
 * LC_TIME's bytes of the locale of this normalised name in glibc's locale-archive, or undefined. The archive may be
 * hundreds of megabytes; a header, the probed entries of its hash table and the one record are read.
 */
export function findInArchive(name: string, path: string, maxSize: number): Buffer | undefined {
  return withFile(path, archive => {
    const header = archive.read(0, HEADER_SIZE);
    if (header === undefined) return undefined;
    const little = header.readUInt32LE(0) === MAGIC;
    if (!little && header.readUInt32BE(0) !== MAGIC) return undefined;
    const word = (bytes: Buffer, index: number) =>
      little ? bytes.readUInt32LE(4 * index) : bytes.readUInt32BE(4 * index);

    const recordOffset = findName(archive, name, { offset: word(header, 2), size: word(header, 4) }, word);
    if (recordOffset === undefined) return undefined;
    const place = archive.read(recordOffset + 4 + 8 * LC_TIME, 8);
    if (place === undefined || word(place, 1) > maxSize) return undefined;
    return archive.read(word(place, 0), word(place, 1));
  });
}

/** Walks the open-addressed hash table of names to the offset of the locale's record. */
function findName(
  archive: OpenFile,
  name: string,
  table: { offset: number; size: number },
  word: (bytes: Buffer, index: number) => number,
): number | undefined {
  if (table.size < 3) return undefined;
  const wanted = Buffer.from(`${name}\0`);
  const hash = hashName(name);
  const step = 1 + (hash % (table.size - 2));
  let index = hash % table.size;
  for (let probes = 0; probes < Math.min(table.size, 1024); probes++) {
    const entry = archive.read(table.offset + HASH_ENTRY_SIZE * index, HASH_ENTRY_SIZE);
    if (entry === undefined || word(entry, 1) === 0) return undefined;
    if (word(entry, 0) === hash && archive.read(word(entry, 1), wanted.length)?.equals(wanted)) {
      return word(entry, 2) || undefined;
    }
    index = (index + step) % table.size;
  }
  return undefined;
}

/** Rotate left by nine and add, over the name's bytes; never zero. */
function hashName(name: string): number {
  let hash = name.length;
  for (let i = 0; i < name.length; i++) {
    hash = (((hash << 9) | (hash >>> 23)) + name.charCodeAt(i)) >>> 0;
  }
  return hash || 0xffffffff;
}
