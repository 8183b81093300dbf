import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { BinaryReader, EndOfDataError } from '../../codec/binary.ts';
import type { CacheContents, CacheScan } from '../ccache.ts';
import { BEYOND, CredentialCursor } from './credential-cursor.ts';
import { type CacheOwner, isRemoved, readCredential } from './credential-format.ts';
import { badFormat, fileError } from './error.ts';
import { MAX_CACHE_BYTES, readHead } from './format.ts';

/** A piece fits the processor's cache, and the next one reuses its memory. */
const PIECE_BYTES = 1 << 17;

/** A scan that holds its file open. */
export interface FileScan extends CacheScan, Pick<CacheContents, 'kdcOffset'> {
  readonly credentials: Iterable<CredentialCursor>;
  close(): void;
}

/**
 * Starts to read a cache file in version 4, piece by piece; undefined for other versions and for a damaged header.
 * Throws CcacheError, then and while the credentials are iterated.
 */
export function openScan(path: string): FileScan | undefined {
  const file = new FilePieces(path);
  try {
    file.readOn(0);
    const reader = new BinaryReader(file.piece);
    const owner = readOwner(reader);
    if (owner !== undefined && file.size <= MAX_CACHE_BYTES) {
      const credentials = credentialsOf(file, reader.offset, owner);
      const { principal, kdcOffset } = owner;
      return { principal, kdcOffset, credentials, close: () => file.close() };
    }
  } catch {
    // Reading it as a whole will report the reason.
  }
  file.close();
  return undefined;
}

function readOwner(reader: BinaryReader): ReturnType<typeof readHead> | undefined {
  if (reader.u16('version') !== 0x0504) return undefined;
  const head = readHead(reader, 4);
  return { ...head, bytes: Uint8Array.from(head.bytes) };
}

function* credentialsOf(file: FilePieces, start: number, owner: CacheOwner): Generator<CredentialCursor> {
  const cursor = new CredentialCursor(owner);
  cursor.read(file.piece);
  for (let at = start; ; ) {
    const end = cursor.move(at);
    if (end !== BEYOND) {
      at = end;
      if (cursor.endtime.getTime() !== 0 || !isRemoved(cursor)) yield cursor;
    } else if (file.readOn(at)) {
      at = 0;
      cursor.read(file.piece);
    } else {
      if (isDamaged(file.piece, file.size)) throw badFormat(file.path);
      return;
    }
  }
}

/** Whether the rest is damaged rather than merely incomplete: a length in it exceeds the file. */
function isDamaged(rest: Uint8Array, size: number): boolean {
  try {
    readCredential(new BinaryReader(rest), 'last');
    return false;
  } catch (error) {
    return error instanceof EndOfDataError && error.wanted > size;
  }
}

/** A file, read one piece at a time. */
class FilePieces {
  readonly size: number;
  piece = Buffer.alloc(0);
  readonly path: string;
  private readonly fd: number;
  private buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  private position = 0;

  constructor(path: string) {
    this.path = path;
    try {
      this.fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      this.size = fstatSync(this.fd).size;
    } catch (error) {
      throw fileError(error, path);
    }
  }

  /** Reads the piece that starts at `at` in the current one; false if the file has nothing more. */
  readOn(at: number): boolean {
    const kept = this.piece.length - at;
    const wanted = Math.min(kept === this.buffer.length ? kept * 2 : this.buffer.length, this.left() + kept);
    if (wanted > this.buffer.length) {
      const bigger = Buffer.allocUnsafeSlow(wanted);
      bigger.set(this.piece);
      this.buffer = bigger;
    } else {
      this.buffer.copyWithin(0, at, at + kept);
    }
    const count = wanted === kept ? 0 : this.readInto(kept, wanted - kept);
    this.position += count;
    this.piece = this.buffer.subarray(0, kept + count);
    return count > 0;
  }

  close(): void {
    closeSync(this.fd);
  }

  private left(): number {
    return this.size - this.position;
  }

  private readInto(at: number, length: number): number {
    try {
      return readSync(this.fd, this.buffer, at, length, this.position);
    } catch (error) {
      throw fileError(error, this.path);
    }
  }
}
