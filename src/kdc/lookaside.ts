export interface LookasideLimits {
  /** How long a reply is kept, in seconds. */
  readonly age: number;
  readonly count: number;
  /** The total of requests and replies. */
  readonly bytes: number;
}

/** A client that hears nothing resends for less than half a minute. */
const LIMITS: LookasideLimits = { age: 120, count: 20_000, bytes: 10 << 20 };
/** V8 hashes longer strings by their length alone, which would let anyone make them collide. */
const MAX_REQUEST_BYTES = 16_000;

interface Remembered {
  readonly reply: Uint8Array;
  readonly at: number;
}

/**
 * Replies of late by their whole requests: a datagram that was sent again, because the reply was lost or slow, gets the
 * same reply and is not taken for a replay. Two tables take turns, each for half of what there is room for, and the older
 * one is forgotten as a whole: to forget one by one would cost more than all else here.
 */
export class Lookaside {
  private readonly limits: LookasideLimits;
  private current = new Map<string, Remembered>();
  private previous = new Map<string, Remembered>();
  /** What `current` holds. */
  private bytes = 0;

  constructor(limits: LookasideLimits = LIMITS) {
    this.limits = limits;
  }

  /** What a request is known by here; undefined for one that is not kept. */
  label(request: Uint8Array): string | undefined {
    if (request.length > MAX_REQUEST_BYTES) return undefined;
    return Buffer.from(request.buffer, request.byteOffset, request.length).toString('latin1');
  }

  /** The reply to the same request before; `now` in milliseconds. */
  find(label: string, now: number): Uint8Array | undefined {
    const known = this.current.get(label) ?? this.previous.get(label);
    return known !== undefined && this.isFresh(known, now) ? known.reply : undefined;
  }

  remember(label: string, reply: Uint8Array, now: number): void {
    const size = label.length + reply.length;
    const { count, bytes } = this.limits;
    if (2 * (this.current.size + 1) > count || 2 * (this.bytes + size) > bytes) {
      this.previous = this.current;
      this.current = new Map();
      this.bytes = 0;
    }
    this.current.set(label, { reply, at: now });
    this.bytes += size;
  }

  /** A clock that was set back makes no entry live longer. */
  private isFresh(known: Remembered, now: number): boolean {
    return now >= known.at && now - known.at < this.limits.age * 1000;
  }
}
