import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { CcacheError } from '../errors.ts';
import { wipeAndRemove, writeAtomically } from './atomic-write.ts';
import type { CcacheEnvironment, Keychain } from './ccache.ts';
import { fileError } from './file-error.ts';
import { removeLeftovers } from './leftovers.ts';
import { withLock } from './lock.ts';
import { SealedCaches } from './sealed-caches.ts';
import { SEALED_KEY_BYTES, sealBytes, unsealBytes } from './sealed-file.ts';
import { keyLeftPath, passphraseKeyPath, sealedPath } from './sealed-path.ts';

/** The caches of a data directory, in one file whose key is in the OS keychain. */
export interface SealedStore {
  /** Empty where there is no file; the keychain is not asked then. */
  read(): Promise<SealedCaches>;
  /** Replaces the caches by what `work` makes of them, under the store's lock; without any left, file and key go. */
  change(work: (caches: SealedCaches) => SealedCaches): Promise<void>;
  /** Wipes the file and deletes the key, whether or not the one opens the other, and where there is only the key. */
  forget(): Promise<void>;
  /** The same where the keychain answers that it has no key for the file; tells whether that was so. */
  discardLost(): Promise<boolean>;
}

interface OpenStore {
  readonly caches: SealedCaches;
  readonly key: Uint8Array;
}

const EMPTY: SealedCaches = { primary: '', members: new Map() };
/** Far above any collection; nothing longer is read into memory. */
const MAX_FILE_BYTES = 64 << 20;
/** How often a reader looks again who finds the file replaced under another key meanwhile. */
const MAX_TRIES = 5;

/**
 * The store of a data directory. Its methods throw CcacheError CACHE_FORMAT for a damaged file, KEYCHAIN_KEY_LOST for
 * one whose key is gone, CACHE_IO, CACHE_BUSY, and what the keychain throws. A file that does not open is never
 * replaced.
 */
export function sealedStore(environment: CcacheEnvironment): SealedStore {
  const path = sealedPath(environment.dataDirectory);
  const left = keyLeftPath(environment.dataDirectory);
  const account = environment.dataDirectory;

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
        else write(changed, opened?.key ?? (await newKey()));
      });
    },
    forget() {
      return locked(remove);
    },
    async discardLost() {
      let lost = false;
      await locked(async () => {
        lost = await isLost();
        if (lost) await remove();
      });
      return lost;
    },
  };

  function locked(work: () => Promise<void>): Promise<void> {
    return withLock(environment.dataDirectory, path, async afterCrash => {
      const files = [path, left, passphraseKeyPath(environment.dataDirectory)];
      if (afterCrash) for (const file of files) removeLeftovers(file, afterCrash);
      await work();
    });
  }

  async function open(): Promise<OpenStore | undefined> {
    let keychain: Keychain | undefined;
    let failed: Uint8Array | undefined;
    for (let tries = 0; ; tries++) {
      const sealed = readSealed(path);
      if (sealed === undefined) return undefined;
      keychain ??= await environment.keychain();
      const key = decodeKey(await keychain.read(account));
      const opened = key && tryOpen(sealed, key);
      if (opened !== undefined) return opened;
      // Another process may have destroyed the store, and made a new one, between the two looks or since the key was
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

  function write(caches: SealedCaches, key: Uint8Array): void {
    // A file that a power failure had damaged would stay in the way until it is destroyed.
    writeAtomically(path, sealBytes(SealedCaches.encode(caches), key), { durable: true });
  }

  async function newKey(): Promise<Uint8Array> {
    const { randomBytes } = await import('node:crypto');
    const key = randomBytes(SEALED_KEY_BYTES);
    await (await environment.keychain()).write(account, key.toString('base64'));
    return key;
  }

  async function remove(): Promise<void> {
    // The file first: were the key gone alone, nothing could tell this from a loss.
    if (existsSync(path)) wipeAndRemove(path);
    try {
      await (await environment.keychain()).remove(account);
    } catch (error) {
      if (existsSync(environment.dataDirectory)) writeAtomically(left, new Uint8Array(0));
      throw error;
    }
    rmSync(left, { force: true });
  }
}

function readSealed(path: string): Uint8Array | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isFile() || found.size > MAX_FILE_BYTES) throw damaged(path);
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
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

/** Whatever else lies under our account in the keychain is no key. */
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

function keyLost(path: string): CcacheError {
  const sentence = `The OS keychain no longer has the key of the sealed credentials cache (filename: ${path})`;
  return new CcacheError('KEYCHAIN_KEY_LOST', sentence, 'KEYCHAIN:');
}
