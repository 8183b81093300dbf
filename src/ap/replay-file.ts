import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { randomBytes } from '../crypto/random.ts';
import { KRB_AP_ERR_REPEAT } from '../messages/error-codes.ts';
import { secondsOf } from '../messages/seconds.ts';
import { ApError } from './ap-error.ts';
import { isOurs } from './lock-file.ts';
import { type LocalReplayCache, ReplayCacheError, TAG_BYTES } from './replay-cache.ts';
import { ReplayLock } from './replay-lock.ts';
import { sipHash } from './siphash.ts';

export interface FileReplayOptions {
  /** The acceptor's clock skew in seconds; 300 if not given. */
  readonly clockskew?: number | undefined;
}

const SEED_BYTES = 16;
const RECORD_BYTES = TAG_BYTES + 4;
const FIRST_TABLE_RECORDS = 1023;
/** The reference implementation's limit; it also ends the search in a file that somebody else has filled. */
const MAX_FILE_BYTES = 0x7fffffff;

/**
 * The replay cache in the file `path`, in the `file2` format of the reference implementation, so that it outlives the
 * process and other acceptors on the machine see what we accept, and we what they do.
 *
 * Our own accesses exclude each other by a lock file, a link to one that a busy process keeps beside it. The reference
 * implementation locks the file itself with fcntl, which Node cannot do: an authenticator used at the same moment there
 * and here, within the microseconds between looking and writing, passes in both. Where that matters, the services need
 * keys of their own.
 */
export function fileReplayCache(path: string, options: FileReplayOptions = {}): LocalReplayCache {
  const clockskew = secondsOf('clockskew', options.clockskew, 300);
  const lock = new ReplayLock(path);
  return {
    check(tag, ctime, now) {
      const seconds = Math.floor(now.getTime() / 1000);
      // If the client's clock is fast, its authenticator can be replayed for longer than one skew from now.
      const record = makeRecord(tag, Math.max(seconds, Math.floor(ctime.getTime() / 1000)));
      try {
        lock.hold(() => withFile(path, fd => store(fd, record, { now: seconds, clockskew })));
      } catch (error) {
        if (error instanceof ApError) throw error;
        throw new ReplayCacheError('the replay cache cannot be used', { cause: error });
      }
    },
  };
}

function makeRecord(tag: Uint8Array, seconds: number): Buffer {
  const record = Buffer.alloc(RECORD_BYTES);
  record.set(tag.subarray(0, TAG_BYTES));
  record.writeUInt32BE(seconds >>> 0, TAG_BYTES);
  return record;
}

function withFile(path: string, work: (fd: number) => void): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600);
  try {
    const stat = fstatSync(fd);
    // The usual directory is writable for everybody, so that somebody else may have created the file.
    if (!stat.isFile() || !isOurs(stat)) throw new Error(`${path} is not a file of ours`);
    work(fd);
  } finally {
    closeSync(fd);
  }
}

interface Moment {
  /** Seconds since 1970. */
  readonly now: number;
  readonly clockskew: number;
}

/**
 * Looks for the record's tag in one table after another, each twice as large as the one before: in two neighbouring
 * slots of each, chosen by a keyed hash. A slot that was never written ends the search; the record goes into the first
 * free slot on the way.
 */
function store(fd: number, record: Buffer, moment: Moment): void {
  const tag = record.subarray(0, TAG_BYTES);
  const seed = readSeed(fd);
  let free: number | undefined;
  for (const table of tables()) {
    const slot = Number(sipHash(seed, tag) % BigInt(table.records));
    const offset = table.offset + slot * RECORD_BYTES;
    const found = readRecords(fd, offset);
    let neverUsed = found < 2;
    for (let i = 0; i < found; i++) {
      if (hasTag(i, tag)) throw new ApError(KRB_AP_ERR_REPEAT);
      const time = timeOf(i);
      if (time === 0) neverUsed = true;
      if (time === 0 || moment.now > time + moment.clockskew) free ??= offset + i * RECORD_BYTES;
    }
    if (neverUsed) {
      // Beyond the end, everything is free as well.
      writeSync(fd, record, 0, RECORD_BYTES, free ?? offset + found * RECORD_BYTES);
      return;
    }
    // Each table uses another hash.
    seed[0] = (seed[0]! + 1) & 0xff;
  }
  throw new ReplayCacheError('the replay cache is full');
}

function* tables(): Generator<{ readonly offset: number; readonly records: number }> {
  let offset = SEED_BYTES;
  let records = FIRST_TABLE_RECORDS;
  while (offset + records * RECORD_BYTES <= MAX_FILE_BYTES) {
    yield { offset, records };
    offset += records * RECORD_BYTES;
    records = records === FIRST_TABLE_RECORDS ? (records + 1) * 2 : records * 2;
  }
}

function readSeed(fd: number): Uint8Array {
  const seed = new Uint8Array(SEED_BYTES);
  if (readSync(fd, seed, 0, SEED_BYTES, 0) === SEED_BYTES) return seed;
  const fresh = randomBytes(SEED_BYTES);
  writeSync(fd, fresh, 0, SEED_BYTES, 0);
  return fresh;
}

/** Two neighbouring records, before any more are read. */
let records: Buffer | undefined;

/** Reads the whole records at `offset`, two at most; returns how many. */
function readRecords(fd: number, offset: number): number {
  records ??= Buffer.alloc(2 * RECORD_BYTES);
  return Math.floor(readSync(fd, records, 0, records.length, offset) / RECORD_BYTES);
}

function hasTag(record: number, tag: Uint8Array): boolean {
  const start = record * RECORD_BYTES;
  return records!.compare(tag, 0, TAG_BYTES, start, start + TAG_BYTES) === 0;
}

function timeOf(record: number): number {
  return records!.readUInt32BE(record * RECORD_BYTES + TAG_BYTES);
}
