import { KRB_AP_ERR_REPEAT, KRB_AP_ERR_SKEW } from '../messages/error-codes.ts';
import { secondsOf } from '../messages/seconds.ts';
import { ApError } from './ap-error.ts';
import { type LocalReplayCache, ReplayCacheError } from './replay-cache.ts';
import { TagSet } from './tag-set.ts';

export interface MemoryReplayOptions {
  /** The acceptor's clock skew in seconds; 300 if not given. */
  readonly clockskew?: number | undefined;
  /** How many authenticators to hold; a million if not given, which takes some 60 MB at most. */
  readonly capacity?: number | undefined;
  /** Authenticators made before this are refused: an earlier process may have seen them. */
  readonly lostUntil?: Date | undefined;
}

/** A replay cache in the memory of this process. When it is full, requests are refused until older entries expire. */
export function createMemoryReplayCache(options: MemoryReplayOptions = {}): LocalReplayCache {
  return new MemoryReplayCache(options);
}

/**
 * Authenticators by the second in which they were made, which a replay shares: one look-up finds it, and a second that
 * has become too old is dropped as a whole.
 */
class MemoryReplayCache implements LocalReplayCache {
  private readonly seconds = new Map<number, TagSet>();
  private readonly clockskew: number;
  private readonly capacity: number;
  private size = 0;
  /**
   * What was made in this second or earlier has been forgotten, and must not be accepted should the clock be set back.
   */
  private forgotten: number;
  private sweptAt = 0;

  constructor({ clockskew, capacity = 1_000_000, lostUntil }: MemoryReplayOptions) {
    this.clockskew = secondsOf('clockskew', clockskew, 300);
    this.capacity = capacity;
    this.forgotten = lostUntil === undefined ? Number.NEGATIVE_INFINITY : secondOf(lostUntil);
  }

  check(tag: Uint8Array, ctime: Date, now: Date): void {
    this.sweep(secondOf(now));
    const made = secondOf(ctime);
    if (made <= this.forgotten) throw new ApError(KRB_AP_ERR_SKEW, 'older than the replay cache knows');
    let tags = this.seconds.get(made);
    if (tags?.has(tag)) throw new ApError(KRB_AP_ERR_REPEAT);
    if (this.size >= this.capacity) throw new ReplayCacheError('the replay cache is full');
    if (tags === undefined) {
      tags = new TagSet();
      this.seconds.set(made, tags);
    }
    tags.add(tag);
    this.size++;
  }

  private sweep(now: number): void {
    if (now === this.sweptAt) return;
    this.sweptAt = now;
    for (const [made, tags] of this.seconds) {
      if (made + 1 + this.clockskew >= now) continue;
      this.seconds.delete(made);
      this.size -= tags.size;
      this.forgotten = Math.max(this.forgotten, made);
    }
  }
}

function secondOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
