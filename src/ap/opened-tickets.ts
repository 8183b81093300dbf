import type { EncTicketPart } from '../messages/ticket.ts';

/** All together; that is for some thousand tickets. */
const MAX_BYTES = 1 << 23;
/** What a ticket takes besides its ciphertext, most of it the ciphers of its session key. */
const OVERHEAD_BYTES = 6144;
/** The end of a ciphertext, in most enctypes a checksum, is enough to look for it by. */
const TAIL_BYTES = 12;
const MAX_SEEN = 10_000;

interface Opened {
  readonly cipher: Uint8Array;
  readonly part: EncTicketPart;
}

/**
 * The tickets that one key has opened: a client presents the same for as long as it lives, and neither its sealed part nor
 * its session key need be made ready each time. What is known of a ticket is judged anew for each request. The oldest give
 * way when there are too many.
 */
export class OpenedTickets {
  private readonly byTail = new Map<string, Opened>();
  private bytes = 0;
  /** The ends of tickets that came once: of most that never come again, no more is kept. */
  private readonly seen = new Set<string>();

  find(cipher: Uint8Array): EncTicketPart | undefined {
    const opened = this.byTail.get(tailOf(cipher));
    return opened && Buffer.compare(opened.cipher, cipher) === 0 ? opened.part : undefined;
  }

  /** Keeps a ticket that comes for the second time. */
  keep(cipher: Uint8Array, part: EncTicketPart): void {
    const tail = tailOf(cipher);
    if (!this.seen.delete(tail)) {
      if (this.seen.size >= MAX_SEEN) this.seen.clear();
      this.seen.add(tail);
      return;
    }
    this.forget(tail);
    // A copy: the ciphertext is a view of the request that brought it.
    this.byTail.set(tail, { cipher: cipher.slice(), part });
    this.bytes += cipher.length + OVERHEAD_BYTES;
    for (const oldest of this.byTail.keys()) {
      if (this.bytes <= MAX_BYTES) break;
      this.forget(oldest);
    }
  }

  private forget(tail: string): void {
    const opened = this.byTail.get(tail);
    if (opened === undefined) return;
    this.byTail.delete(tail);
    this.bytes -= opened.cipher.length + OVERHEAD_BYTES;
  }
}

function tailOf({ buffer, byteOffset, length }: Uint8Array): string {
  const tail = Math.min(TAIL_BYTES, length);
  return Buffer.from(buffer, byteOffset + length - tail, tail).toString('latin1');
}
