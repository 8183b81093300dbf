import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { RootDatabase } from 'lmdb';
import { errnoOf, systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import { isCut } from './cut.ts';

/**
 * The embedded database: LMDB, a B-tree with copy-on-write in a memory-mapped file. Uncommitted changes of a process
 * that dies disappear; readers block nobody, and see the last commit of any process.
 */
export interface StoreFile {
  readonly path: string;
  /** A copy of a record. */
  get(key: string): Uint8Array | undefined;
  /** A record, valid until the next one, or the version, is asked for. */
  lend(key: string): Uint8Array | undefined;
  /** The keys with this prefix, in order, all as of one moment, whatever is changed meanwhile. */
  keys(prefix: string): readonly string[];
  /** Within `change` alone. */
  put(key: string, value: Uint8Array): void;
  /** Within `change` alone; whether there was one. */
  remove(key: string): boolean;
  /** Does all of `work` or, where it throws, nothing of it; returns when the disk has it. */
  change<T>(work: () => T): T;
  /** A greater number after every change, whichever process makes it, and within one. */
  version(): number;
  close(): Promise<void>;
}

/** What LMDB takes for a key by default; a longer one is no name that anybody has. */
const MAX_KEY_BYTES = 1978;
/** The mark of a file of LMDB's and its format, behind the header of the first page. */
const MAGIC = Buffer.from('dec0efbe02000000', 'hex');
const HEADER_BYTES = 40;
const VERSION_KEY = Buffer.from('V');

/**
 * Opens the file, or makes it, mode 0600. Throws KerberosError DATABASE_NOT_FOUND, DATABASE_FORMAT where it is something
 * else, and DATABASE_IO.
 */
export async function openStoreFile(path: string, { create = false } = {}): Promise<StoreFile> {
  const { open } = await loadLmdb();
  if (create) for (const file of [path, `${path}-lock`]) makeEmpty(file);
  checkFile(path, create);
  const database = guarded(path, () =>
    open<Uint8Array, Uint8Array>({
      path,
      noSubdir: true,
      encoding: 'binary',
      keyEncoding: 'binary',
      // A commit is on the disk when it is reported.
      overlappingSync: false,
      maxDbs: 1,
    }),
  );
  return storeFile(path, database);
}

function storeFile(path: string, database: RootDatabase<Uint8Array, Uint8Array>): StoreFile {
  let changing = false;
  // What was put but is not committed, or never was, must not pass for what is there.
  let touched = 0;
  // Reads between two waits for events are those of one moment, which is asked for several times in a request.
  let known: number | undefined;
  const forget = (): void => {
    known = undefined;
  };
  const committed = (): number => database.getBinaryFast(VERSION_KEY)?.readUIntBE(0, 6) ?? 0;
  const atThisMoment = (): number => {
    if (changing) return committed();
    if (known === undefined) {
      known = committed();
      queueMicrotask(forget);
    }
    return known;
  };
  return {
    path,
    get(key) {
      const bytes = Buffer.from(key);
      return bytes.length > MAX_KEY_BYTES ? undefined : database.getBinary(bytes);
    },
    lend(key) {
      const bytes = Buffer.from(key);
      const found = bytes.length > MAX_KEY_BYTES ? undefined : database.getBinaryFast(bytes);
      // What LMDB answers is longer than it says.
      return found?.subarray(0, found.length);
    },
    keys(prefix) {
      const start = Buffer.from(prefix);
      // No byte of UTF-8 is that high.
      const end = Buffer.concat([start, Uint8Array.of(0xff)]);
      return [...database.getKeys({ start, end })].map(key => Buffer.from(key).toString());
    },
    put(key, value) {
      const bytes = Buffer.from(key);
      if (bytes.length > MAX_KEY_BYTES)
        throw new KerberosError('PRINCIPAL_MALFORMED', 'The name is too long');
      touched++;
      database.putSync(bytes, value);
    },
    remove(key) {
      const bytes = Buffer.from(key);
      touched++;
      return bytes.length <= MAX_KEY_BYTES && database.removeSync(bytes);
    },
    change(work) {
      if (changing) return work();
      changing = true;
      try {
        return guarded(path, () =>
          database.transactionSync(() => {
            const result = work();
            const next = Buffer.alloc(6);
            next.writeUIntBE(committed() + 1, 0, 6);
            database.putSync(VERSION_KEY, next);
            return result;
          }),
        );
      } catch (error) {
        touched++;
        throw error;
      } finally {
        changing = false;
        forget();
      }
    },
    version: () => atThisMoment() + touched,
    close: () => database.close(),
  };
}

async function loadLmdb(): Promise<typeof import('lmdb')> {
  try {
    return await import('lmdb');
  } catch (cause) {
    const missing = /MODULE_NOT_FOUND$/.test(errnoOf(cause) ?? '');
    const reason = missing ? 'the package lmdb is not installed' : 'the package lmdb does not load here';
    throw new KerberosError('DATABASE_IO', `The database cannot be used: ${reason}`, { cause });
  }
}

/** Before LMDB makes it, whose mode would let others read. */
function makeEmpty(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600));
  } catch (cause) {
    throw failure(file, cause);
  }
}

/** LMDB would make what is not there, and ends the process where it is something else. */
function checkFile(path: string, create: boolean): void {
  let start: Start | undefined;
  try {
    start = readStart(path);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw failure(path, cause);
    throw new KerberosError('DATABASE_NOT_FOUND', `There is no database ${path}`, { cause });
  }
  if (create && start?.bytes.length === 0) return;
  if (start === undefined || !start.bytes.includes(MAGIC))
    throw new KerberosError('DATABASE_FORMAT', `${path} is no principal database`);
  if (start.isCut)
    throw new KerberosError('DATABASE_FORMAT', `${path} is cut off: a part of the database is missing`);
}

/** The first bytes of a regular file, and whether others are missing. */
interface Start {
  readonly bytes: Buffer;
  readonly isCut: boolean;
}

function readStart(path: string): Start | undefined {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(HEADER_BYTES);
    return { bytes: bytes.subarray(0, readSync(fd, bytes)), isCut: isCut(fd) };
  } finally {
    closeSync(fd);
  }
}

/** Runs what calls LMDB. */
function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof KerberosError || error instanceof TypeError) throw error;
    throw failure(path, error);
  }
}

function failure(path: string, cause: unknown): KerberosError {
  const { message, code } = cause as NodeJS.ErrnoException;
  if (/MDB_(?:INVALID|VERSION_MISMATCH|CORRUPTED)/.test(message)) {
    return new KerberosError('DATABASE_FORMAT', `${path} is no principal database`, { cause });
  }
  const reason = typeof code === 'string' ? systemReason(cause) : message;
  return new KerberosError('DATABASE_IO', `The database ${path} cannot be used: ${reason}`, { cause });
}
