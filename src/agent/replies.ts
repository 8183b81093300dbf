import type { SealedCaches } from '../ccache/sealed/caches.ts';

interface Reply {
  readonly bytes: Buffer;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Longer replies take longer to send than to make. */
const MAX_REPLY = 16 << 10;
const MAX_REQUEST = 1 << 10;
/** Programs ask the same few questions; asking many others must not use up memory. */
const MAX_REPLIES = 200;
const FOREVER = Number.POSITIVE_INFINITY;

/** The replies to earlier requests about the same caches, by request; dropped when the caches change. */
export class Replies {
  private readonly kept = new WeakMap<SealedCaches, Map<string, Reply>>();
  private readonly now: () => Date;

  constructor(now: () => Date) {
    this.now = now;
  }

  find(request: Uint8Array, caches: SealedCaches): Uint8Array | undefined {
    if (request.length > MAX_REQUEST) return undefined;
    const found = this.kept.get(caches)?.get(keyOf(request));
    if (found === undefined) return undefined;
    return found.until === FOREVER || this.now().getTime() < found.until ? found.bytes : undefined;
  }

  /** Keeps the reply to equal requests until the caches change or, if given, until a time. */
  keep(request: Uint8Array, caches: SealedCaches, reply: Uint8Array, until: Date | undefined): void {
    if (request.length > MAX_REQUEST || reply.length > MAX_REPLY) return;
    let kept = this.kept.get(caches);
    if (kept === undefined || kept.size >= MAX_REPLIES) {
      kept = new Map();
      this.kept.set(caches, kept);
    }
    kept.set(keyOf(request), { bytes: bufferOf(reply), until: until?.getTime() ?? FOREVER });
  }
}

function keyOf(request: Uint8Array): string {
  return bufferOf(request).toString('latin1');
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
