import type { KeytabEntry } from '../keytab/keytab.ts';
import type { EncTicketPart } from '../messages/ticket.ts';

/**
 * Tickets that a service has opened, in the memory of its process: their ciphertexts, sealed parts and session keys, so
 * that a ticket presented repeatedly is opened only once. Each is stored under the keytab entry that opened it, and
 * checked again for each request.
 */
export interface OpenedTickets {
  /** The sealed part of a ticket that `entry` has opened before. */
  find(cipher: Uint8Array, entry: KeytabEntry): EncTicketPart | undefined;
  keep(cipher: Uint8Array, entry: KeytabEntry, part: EncTicketPart): void;
}

export interface OpenedTicketsOptions {
  /** Seconds after which a ticket is forgotten, however often it was presented; 300 if not given. */
  readonly lifetime?: number | undefined;
  /**
   * How many bytes to hold, counting 6 KiB for each ticket besides its ciphertext; 8 MiB if not given. The oldest are
   * dropped first.
   */
  readonly capacity?: number | undefined;
}

/** Remembers opened tickets and their session keys, which a service otherwise does not. */
export function createOpenedTickets(options: OpenedTicketsOptions = {}): OpenedTickets {
  return new TicketMemory(options);
}

/** What a ticket takes besides its ciphertext, mostly for the ciphers of its session key. */
const OVERHEAD_BYTES = 6144;
/** How much of a ciphertext's end, which in most enctypes is a checksum, is used to look it up. */
const TAIL_BYTES = 12;

interface Opened {
  readonly cipher: Uint8Array;
  readonly entry: KeytabEntry;
  readonly part: EncTicketPart;
  /** When to forget the ticket, in milliseconds. */
  readonly until: number;
}

class TicketMemory implements OpenedTickets {
  /** By the end of the ciphertext; the oldest, which is the first to be forgotten, comes first. */
  private readonly byTail = new Map<string, Opened>();
  private readonly lifetime: number;
  private readonly capacity: number;
  private bytes = 0;
  private sweeping: NodeJS.Timeout | undefined;

  constructor({ lifetime = 300, capacity = 1 << 23 }: OpenedTicketsOptions) {
    this.lifetime = lifetime * 1000;
    this.capacity = capacity;
  }

  find(cipher: Uint8Array, entry: KeytabEntry): EncTicketPart | undefined {
    const opened = this.byTail.get(tailOf(cipher));
    if (opened?.entry !== entry || Buffer.compare(opened.cipher, cipher) !== 0) return undefined;
    // A timer of a busy process may be late.
    return performance.now() < opened.until ? opened.part : undefined;
  }

  keep(cipher: Uint8Array, entry: KeytabEntry, part: EncTicketPart): void {
    const tail = tailOf(cipher);
    this.forget(tail);
    const until = performance.now() + this.lifetime;
    // A copy: the ciphertext is a view of the request that brought it.
    this.byTail.set(tail, { cipher: cipher.slice(), entry, part, until });
    this.bytes += cipher.length + OVERHEAD_BYTES;
    for (const oldest of this.byTail.keys()) {
      if (this.bytes <= this.capacity) break;
      this.forget(oldest);
    }
    this.sweepLater();
  }

  private forget(tail: string): void {
    const opened = this.byTail.get(tail);
    if (opened === undefined) return;
    this.byTail.delete(tail);
    this.bytes -= opened.cipher.length + OVERHEAD_BYTES;
  }

  /** A service that receives no more requests must forget as well. */
  private sweepLater(): void {
    const [oldest] = this.byTail.values();
    if (oldest === undefined || this.sweeping !== undefined) return;
    this.sweeping = setTimeout(() => this.sweep(), Math.ceil(oldest.until - performance.now()));
    this.sweeping.unref();
  }

  private sweep(): void {
    this.sweeping = undefined;
    const now = performance.now();
    for (const [tail, { until }] of this.byTail) {
      if (until > now) break;
      this.forget(tail);
    }
    this.sweepLater();
  }
}

function tailOf({ buffer, byteOffset, length }: Uint8Array): string {
  const tail = Math.min(TAIL_BYTES, length);
  return Buffer.from(buffer, byteOffset + length - tail, tail).toString('latin1');
}
