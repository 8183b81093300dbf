import type { SealedCaches } from '../ccache/sealed/caches.ts';

interface Reply {
  readonly request: Uint8Array;
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** The replies to requests of the same length, by that length: to compare bytes takes less than to make a key of them. */
interface Kept {
  readonly ofLength: Reply[][];
  count: number;
}

/** Longer replies take longer to send than to make. */
const MAX_REPLY = 16 << 10;
const MAX_REQUEST = 1 << 10;
/** Programs ask the same few questions; asking many others must not use up memory. */
const MAX_REPLIES = 200;
const FOREVER = Number.POSITIVE_INFINITY;

/** The replies to earlier requests about the same caches; dropped when the caches change. */
export class Replies {
  private readonly kept = new WeakMap<SealedCaches, Kept>();
  private readonly now: () => Date;

  constructor(now: () => Date) {
    this.now = now;
  }

  find(request: Uint8Array, caches: SealedCaches): Uint8Array | undefined {
    const alike = this.kept.get(caches)?.ofLength[request.length];
    if (alike === undefined) return undefined;
    for (const { request: known, bytes, until } of alike) {
      if (!isSame(known, request)) continue;
      return until === FOREVER || this.now().getTime() < until ? bytes : undefined;
    }
    return undefined;
  }

  /** Keeps the reply to equal requests until the caches change or, if given, until a time. */
  keep(request: Uint8Array, caches: SealedCaches, reply: Uint8Array, until: Date | undefined): void {
    if (request.length > MAX_REQUEST || reply.length > MAX_REPLY) return;
    let kept = this.kept.get(caches);
    if (kept === undefined || kept.count >= MAX_REPLIES) {
      kept = { ofLength: [], count: 0 };
      this.kept.set(caches, kept);
    }
    const before = kept.ofLength[request.length] ?? [];
    const others = before.filter(({ request: known }) => !isSame(known, request));
    const added = { request: new Uint8Array(request), bytes: reply, until: until?.getTime() ?? FOREVER };
    kept.ofLength[request.length] = [added, ...others];
    kept.count += 1 + others.length - before.length;
  }
}

/** For bytes of the same length. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
