import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { identityIn, identityOf } from '../ccache/sealed/memory.ts';

/** Milliseconds for which the open file is examined rather than its path. */
const PATH_PATIENCE = 100;

/**
 * Milliseconds for which one look is enough. More time passes before another program that has replaced the file makes a
 * request, or has one made: it has the disk to wait for, its lock to release, and a connection to open. Only where it
 * has neither, on a file system in memory and with an open connection, may it see the old file for that long.
 */
const LOOK_PATIENCE = 0.1;

/**
 * The identity of a file that others may replace at any time, for frequent checks. One check serves all requests of the
 * next tenth of a millisecond. Usually the open file is examined, which takes half as long as looking up its path: one
 * that was replaced or removed has lost a link, and one that was renamed was changed. This does not show that a
 * directory above it was moved, or, in a container, that a file of the image was covered by another, so the path is
 * followed from time to time. As long as the file is open, its inode is not reused, so no other file has the same
 * identity.
 */
export class FileLook {
  private readonly path: string;
  private identity = '';
  private looked = Number.NEGATIVE_INFINITY;
  private followed = Number.NEGATIVE_INFINITY;
  private open: { readonly fd: number; readonly stats: Stats } | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** The file's `identityOf`. Throws CcacheError for as long as the path cannot be followed. */
  look(): string {
    const now = performance.now();
    if (now - this.looked > LOOK_PATIENCE) {
      if (now - this.followed > PATH_PATIENCE || !this.isUnchanged()) this.follow();
      this.looked = now;
    }
    return this.identity;
  }

  /** The same, looked up now, by the path. */
  follow(): string {
    const now = performance.now();
    for (;;) {
      const identity = identityOf(this.path);
      if (identity === this.identity && this.open !== undefined && this.isUnchanged()) break;
      this.close();
      this.identity = identity;
      if (identity !== '') this.open = openIfStill(this.path, identity);
      // It may have been replaced before it was open.
      if (this.open !== undefined || identityOf(this.path) === identity) break;
    }
    this.followed = now;
    return this.identity;
  }

  /** Makes the next look a new one. */
  forget(): void {
    this.looked = Number.NEGATIVE_INFINITY;
  }

  /** Closes the file until the next look. */
  close(): void {
    this.forget();
    if (this.open !== undefined) closeSync(this.open.fd);
    this.open = undefined;
  }

  private isUnchanged(): boolean {
    if (this.open === undefined) return false;
    const { fd, stats } = this.open;
    try {
      const { nlink, ctimeMs, mtimeMs, size } = fstatSync(fd);
      return (
        nlink === stats.nlink && ctimeMs === stats.ctimeMs && mtimeMs === stats.mtimeMs && size === stats.size
      );
    } catch {
      // The file may have been lost on a file server.
      return false;
    }
  }
}

function openIfStill(
  path: string,
  identity: string,
): { readonly fd: number; readonly stats: Stats } | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  const stats = fstatSync(fd);
  if (stats.isFile() && identityIn(stats) === identity) return { fd, stats };
  closeSync(fd);
  return undefined;
}
