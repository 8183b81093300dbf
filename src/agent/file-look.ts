import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { identityIn, identityOf } from '../ccache/sealed-memory.ts';

/** Milliseconds for which the file itself is asked, and not its path. */
const PATH_PATIENCE = 100;

/**
 * The look of a file that others may replace at any time, for those who ask often. One look serves all that is asked in a
 * turn of the event loop: it had been asked when the turn began. As a rule the open file is looked at, which takes half as
 * long as to find it: one that was replaced or removed has lost a name, and one that was renamed was changed. Only that a
 * directory above it was moved, or a file put over it that a container's image has, is not told by it, so the path is
 * followed from time to time.
 */
export class FileLook {
  private readonly path: string;
  private identity = '';
  private turn = -1;
  private followed = Number.NEGATIVE_INFINITY;
  private open: { readonly fd: number; readonly stats: Stats } | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** The file's `identityOf`. */
  look(): string {
    // Counted before the loop waits.
    const turn = performance.nodeTiming.uvMetricsInfo.loopCount;
    if (turn !== this.turn) {
      if (!this.isUnchanged()) this.follow();
      this.turn = turn;
    }
    return this.identity;
  }

  /** Has the next look be another one. */
  forget(): void {
    this.turn = -1;
  }

  /** Closes the file until the next look. */
  close(): void {
    this.forget();
    if (this.open !== undefined) closeSync(this.open.fd);
    this.open = undefined;
  }

  private isUnchanged(): boolean {
    if (this.open === undefined || performance.now() - this.followed > PATH_PATIENCE) return false;
    const { fd, stats } = this.open;
    try {
      const { nlink, ctimeMs, mtimeMs, size } = fstatSync(fd);
      return (
        nlink === stats.nlink && ctimeMs === stats.ctimeMs && mtimeMs === stats.mtimeMs && size === stats.size
      );
    } catch {
      // As where a server of files has lost it.
      return false;
    }
  }

  private follow(): void {
    this.followed = performance.now();
    const identity = identityOf(this.path);
    if (identity === this.identity && this.open !== undefined && this.isUnchanged()) return;
    this.close();
    this.identity = identity;
    if (identity !== '') this.open = openIfStill(this.path, identity);
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
