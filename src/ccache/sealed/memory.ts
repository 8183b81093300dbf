import { lstatSync, type Stats } from 'node:fs';
import { errnoOf } from '../../errno.ts';
import { fileError } from '../file/error.ts';
import type { SealedCaches } from './caches.ts';

/** The contents of a sealed file, and its key. */
export interface OpenStore {
  readonly caches: SealedCaches;
  readonly key: Uint8Array;
}

/** Remembers the contents of a sealed file, for a long-lived process, as long as the file looks the same. */
export interface SealedMemory {
  /**
   * The file's `identityOf`. No other file has the same until a later look finds another: a new file may get the inode
   * of a removed one, even within a tick of the file system's clock.
   */
  look(): string;
  find(identity: string): OpenStore | undefined;
  keep(identity: string, opened: OpenStore): void;
  forget(): void;
}

/**
 * A value that changes whenever a file is replaced, even by a link; empty if there is no file. Throws CcacheError if
 * that cannot be found out, as when a file server has withdrawn its permission.
 */
export function identityOf(path: string): string {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found === undefined ? '' : identityIn(found);
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return '';
    throw fileError(error, path);
  }
}

/** The same for the result of a stat. */
export function identityIn({ dev, ino, mtimeMs, size }: Stats): string {
  return `${dev} ${ino} ${mtimeMs} ${size}`;
}
