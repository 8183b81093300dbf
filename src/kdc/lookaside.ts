import { randomUint32 } from '../crypto/random.ts';

interface LookasideLimits {
  /** Seconds for which a reply is kept. */
  readonly age: number;
  /** The maximum number of replies; rounded up to a power of two. */
  readonly count: number;
  /** The total size of requests and replies. */
  readonly bytes: number;
}

/** A client without an answer resends for less than half a minute. */
const LIMITS: LookasideLimits = { age: 120, count: 1 << 15, bytes: 10 << 20 };
/** Longer requests are rare, and sent over TCP, which loses none. */
const MAX_REQUEST_BYTES = 16_000;

/**
 * Recent replies by their whole requests: a datagram that was sent again, because the reply was lost or slow, gets the
 * same reply and is not taken for a replay. The oldest are dropped first. Everything is in a few typed arrays:
 * thousands of objects per second would cost the garbage collector more than everything else here.
 */
export class Lookaside {
  private readonly limits: LookasideLimits;
  private table: Table | undefined;

  constructor(limits: LookasideLimits = LIMITS) {
    this.limits = limits;
  }

  /** The number by which a request is looked up; undefined for one that is not kept. */
  label(request: Uint8Array): number | undefined {
    return request.length > MAX_REQUEST_BYTES ? undefined : hashOf(request);
  }

  /** A copy of the earlier reply to the same request; `now` in milliseconds. */
  find(label: number, request: Uint8Array, now: number): Uint8Array | undefined {
    const { table } = this;
    if (table === undefined) return undefined;
    const slot = table.find(label, request);
    if (slot === undefined) return undefined;
    const age = now - table.at[slot]!;
    // If the clock was set back, entries must not live longer.
    return age >= 0 && age < this.limits.age * 1000 ? table.replyIn(slot) : undefined;
  }

  remember(label: number, request: Uint8Array, reply: Uint8Array, now: number): void {
    if (request.length + reply.length > this.limits.bytes) return;
    this.table ??= new Table(this.limits);
    this.table.put(label, request, reply, now);
  }
}

/** Each label has two slots. A slot tells where a request and its reply are in a ring buffer. */
class Table {
  /** When a reply was made. */
  readonly at: Float64Array;
  private readonly labels: Uint32Array;
  private readonly requestLengths: Uint32Array;
  private readonly replyLengths: Uint32Array;
  /** Where a request begins, counted in bytes since the first one. */
  private readonly starts: Float64Array;
  private readonly ring: Uint8Array;
  /** Where the next one begins. */
  private end: number;

  constructor({ count, bytes }: LookasideLimits) {
    const slots = 2 ** Math.max(1, Math.ceil(Math.log2(count)));
    this.at = new Float64Array(slots);
    this.labels = new Uint32Array(slots);
    this.requestLengths = new Uint32Array(slots);
    this.replyLengths = new Uint32Array(slots);
    this.starts = new Float64Array(slots);
    this.ring = new Uint8Array(bytes);
    this.end = 2 * bytes; // what begins at 0, as if in every slot, was written over long ago: no page is touched to say so
  }

  /** The slot of a request, if it has one. */
  find(label: number, request: Uint8Array): number | undefined {
    const first = label & (this.labels.length - 1);
    if (this.holds(first, label, request)) return first;
    return this.holds(first ^ 1, label, request) ? first ^ 1 : undefined;
  }

  replyIn(slot: number): Uint8Array {
    const start = this.placeOf(slot) + this.requestLengths[slot]!;
    return this.ring.slice(start, start + this.replyLengths[slot]!);
  }

  put(label: number, request: Uint8Array, reply: Uint8Array, now: number): void {
    const first = label & (this.labels.length - 1);
    const slot =
      this.find(label, request) ?? (this.starts[first]! <= this.starts[first ^ 1]! ? first : first ^ 1);
    const size = request.length + reply.length;
    const left = this.ring.length - (this.end % this.ring.length);
    // An entry that does not fit behind the others begins at the front.
    if (size > left) this.end += left;
    const place = this.end % this.ring.length;
    this.ring.set(request, place);
    this.ring.set(reply, place + request.length);
    this.labels[slot] = label;
    this.requestLengths[slot] = request.length;
    this.replyLengths[slot] = reply.length;
    this.starts[slot] = this.end;
    this.at[slot] = now;
    this.end += size;
  }

  private holds(slot: number, label: number, request: Uint8Array): boolean {
    if (this.labels[slot] !== label || this.requestLengths[slot] !== request.length) return false;
    // Otherwise later ones have overwritten it.
    if (this.end - this.starts[slot]! > this.ring.length) return false;
    const place = this.placeOf(slot);
    return Buffer.compare(this.ring.subarray(place, place + request.length), request) === 0;
  }

  private placeOf(slot: number): number {
    return this.starts[slot]! % this.ring.length;
  }
}

const words = new Int32Array(MAX_REQUEST_BYTES / 4);
const octets = new Uint8Array(words.buffer);
let seed: number | undefined;

/**
 * The hash need not withstand deliberate collisions: they would cost the attackers their own replies, and others no
 * more than a full table does.
 */
function hashOf(request: Uint8Array): number {
  seed ??= randomUint32();
  const end = (request.length + 3) >> 2;
  words[end - 1] = 0;
  octets.set(request);
  let hash = seed ^ request.length;
  for (let i = 0; i < end; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
