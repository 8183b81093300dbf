import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf } from '../../errno.ts';
import { CcacheError } from '../../errors.ts';
import { wipeAndRemove, writeAtomically } from '../atomic-write.ts';
import type { CcacheEnvironment, Keychain } from '../ccache.ts';
import { fileError } from '../file/error.ts';
import { removeLeftovers } from '../leftovers.ts';
import { withLock } from '../lock.ts';
import { SealedCaches, tooLarge } from './caches.ts';
import { checkWritable, makeWritable } from './directory.ts';
import { SEALED_KEY_BYTES, sealBytes, sealedLength, unsealBytes } from './file.ts';
import type { OpenStore, SealedMemory } from './memory.ts';
import { keyLeftPath, passphraseKeyPath, sealedPath } from './path.ts';

/** The caches of a data directory, in one file whose key is in the OS keychain. */
export interface SealedStore {
  /** Empty if there is no file; the keychain is not asked then. */
  read(): Promise<SealedCaches>;
  /**
   * Replaces the caches by those that `work` returns, under the store's lock; if there are none left, removes file and
   * key.
   */
  change(work: (caches: SealedCaches) => SealedCaches): Promise<void>;
  /** Throws what would prevent `change`; changes nothing. */
  prepare(): Promise<void>;
  /**
   * Wipes the file and deletes the key, even if they do not belong together or there is only a key. A symlink in place
   * of the file is removed, and its target left alone.
   */
  forget(): Promise<void>;
  /**
   * Deletes the key alone: without it, a file that cannot be removed cannot be opened either. Resolves to whether there
   * was one.
   */
  forgetKey(): Promise<boolean>;
  /** As `forget`, but only if the keychain answers that it has no key for the file; resolves to whether that was so. */
  discardLost(): Promise<boolean>;
}

const EMPTY: SealedCaches = { primary: '', members: new Map() };
/** Far larger than any collection; nothing longer is read into memory, or written. */
const MAX_FILE_BYTES = 64 << 20;
/** How often a reader tries again if the file is meanwhile replaced under another key. */
const MAX_TRIES = 5;

// Windows has neither flag and leaves them undefined.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NO_BLOCK = constants.O_NONBLOCK ?? 0;

/**
 * The store of a data directory. Its methods throw CcacheError CACHE_FORMAT for a damaged file, KEYCHAIN_KEY_LOST for
 * one whose key is gone, CACHE_IO, also for what is not a regular file or grows too large, CACHE_BUSY, and what the
 * keychain throws. A file that cannot be opened is never replaced, and a symlink never followed. With a memory, neither
 * the keychain nor the file is read while the file looks unchanged.
 */
export function sealedStore(environment: CcacheEnvironment, memory?: SealedMemory): SealedStore {
  // It names the lock and the key: two directories must not have the same name, nor one two, links excepted.
  const directory = resolve(environment.dataDirectory);
  const path = sealedPath(directory);
  const left = keyLeftPath(directory);
  const account = directory;

  return {
    async read() {
      return (await open())?.caches ?? EMPTY;
    },
    change(work) {
      return locked(async () => {
        const opened = await open();
        const caches = opened?.caches ?? EMPTY;
        const changed = work(caches);
        if (changed === caches) return;
        if (changed.members.size === 0) await remove();
        else await write(changed, opened?.key);
      });
    },
    async prepare() {
      checkWritable(directory);
      await open();
    },
    forget() {
      return locked(remove);
    },
    forgetKey() {
      return locked(removeKey);
    },
    discardLost() {
      return locked(async () => {
        const lost = await isLost();
        if (lost) await remove();
        return lost;
      });
    },
  };

  function locked<T>(work: () => Promise<T>): Promise<T> {
    return withLock(directory, path, async afterCrash => {
      const files = [path, left, passphraseKeyPath(directory)];
      if (afterCrash) for (const file of files) removeLeftovers(file, afterCrash);
      return work();
    });
  }

  async function open(): Promise<OpenStore | undefined> {
    if (memory === undefined) return openFile();
    const identity = memory.look();
    const known = memory.find(identity);
    if (known !== undefined) return known;
    const opened = await openFile();
    if (opened !== undefined && memory.look() === identity) memory.keep(identity, opened);
    return opened;
  }

  async function openFile(): Promise<OpenStore | undefined> {
    let keychain: Keychain | undefined;
    let failed: Uint8Array | undefined;
    for (let tries = 0; ; tries++) {
      const sealed = readSealed(path);
      if (sealed === undefined) return undefined;
      keychain ??= await environment.keychain();
      const key = decodeKey(await keychain.read(account));
      const opened = key && tryOpen(sealed, key);
      if (opened !== undefined) return opened;
      // Another process may have destroyed the store and made a new one, between the two reads or since the key was
      // remembered.
      keychain.forget?.();
      if ((failed !== undefined && sameBytes(failed, sealed)) || tries === MAX_TRIES) {
        throw key === undefined ? keyLost(path) : damaged(path);
      }
      failed = sealed;
    }
  }

  async function isLost(): Promise<boolean> {
    try {
      await open();
      return false;
    } catch (error) {
      if (error instanceof CcacheError && error.code === 'KEYCHAIN_KEY_LOST') return true;
      throw error;
    }
  }

  async function write(caches: SealedCaches, known: Uint8Array | undefined): Promise<void> {
    // All this is done first, so that the keychain does not keep a key for nothing.
    const bytes = SealedCaches.encode(caches);
    if (sealedLength(bytes.length) > MAX_FILE_BYTES) throw tooLarge('KEYCHAIN:');
    if (known === undefined) makeWritable(directory);
    const key = known ?? (await newKey());
    const sealed = sealBytes(bytes, key);
    try {
      // A file damaged by a power failure would stay in the way until it is destroyed.
      writeAtomically(path, sealed, { durable: true });
    } catch (error) {
      checkWritable(directory);
      throw error;
    }
    memory?.keep(memory.look(), { caches, key });
  }

  async function newKey(): Promise<Uint8Array> {
    const { randomBytes } = await import('node:crypto');
    const key = randomBytes(SEALED_KEY_BYTES);
    await (await environment.keychain()).write(account, key.toString('base64'));
    return key;
  }

  async function remove(): Promise<void> {
    // The file goes first: if only the key were gone, that could not be told from a loss.
    removeSealed(path);
    await removeKey();
  }

  async function removeKey(): Promise<boolean> {
    memory?.forget();
    let removed: boolean;
    try {
      removed = await (await environment.keychain()).remove(account);
    } catch (error) {
      quietly(() => writeAtomically(left, new Uint8Array(0)));
      throw error;
    }
    quietly(() => unlinkSync(left));
    return removed;
  }
}

/** All that depends on the work is whether the next logout asks the keychain. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // the directory is missing, or read-only
  }
}

function readSealed(path: string): Uint8Array | undefined {
  let fd: number | undefined;
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isFile()) throw noFile(path);
    // It may have changed since it was examined.
    fd = openSync(path, constants.O_RDONLY | NO_FOLLOW | NO_BLOCK);
    const opened = fstatSync(fd);
    if (!opened.isFile()) throw noFile(path);
    if (opened.size > MAX_FILE_BYTES) throw damaged(path);
    return readFileSync(fd);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileError(error, path);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function removeSealed(path: string): void {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (found.isFile()) wipeAndRemove(path);
    else if (found.isSymbolicLink()) unlinkSync(path);
    else throw noFile(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

function tryOpen(sealed: Uint8Array, key: Uint8Array): OpenStore | undefined {
  try {
    return { caches: SealedCaches.decode(unsealBytes(sealed, key)), key };
  } catch {
    return undefined;
  }
}

/** Anything else under our account in the keychain is not a key. */
function decodeKey(secret: string | undefined): Uint8Array | undefined {
  if (secret === undefined) return undefined;
  const key = Buffer.from(secret, 'base64');
  return key.length === SEALED_KEY_BYTES ? key : undefined;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function damaged(path: string): CcacheError {
  return new CcacheError(
    'CACHE_FORMAT',
    `Sealed credentials cache is damaged (filename: ${path})`,
    'KEYCHAIN:',
  );
}

function noFile(path: string): CcacheError {
  const sentence = `Sealed credentials cache is not a regular file: remove it (filename: ${path})`;
  return new CcacheError('CACHE_IO', sentence, 'KEYCHAIN:');
}

function keyLost(path: string): CcacheError {
  const sentence = `The OS keychain no longer has the key of the sealed credentials cache (filename: ${path})`;
  return new CcacheError('KEYCHAIN_KEY_LOST', sentence, 'KEYCHAIN:');
}
