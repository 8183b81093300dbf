import { authenticatorTag } from '../ap/replay-cache.ts';
import type { EncryptedData } from '../messages/types.ts';

/** Authenticators remembered in one span, in some megabytes. */
const MAX_SEEN = 1 << 16;

/**
 * The authenticators of late, and what else is good for once, so that one is good for one request (RFC 4120 §3.3.3, §10). Two sets take turns, each
 * for as long as an authenticator is fresh: the older one is forgotten as a whole. Where more come than there is room
 * for, they are forgotten sooner: a replayed TGS-REQ brings nothing to who lacks the session key.
 */
export class ReplayTable {
  private readonly span: number;
  private current = new Set<string>();
  private previous = new Set<string>();
  private since = Number.NEGATIVE_INFINITY;

  /** `span` is how long an authenticator is fresh, in milliseconds. */
  constructor(span: number) {
    this.span = span;
  }

  /** Notes an authenticator that has been verified; false if it was here before. */
  admit(authenticator: EncryptedData, now: number): boolean {
    if (now - this.since >= this.span || this.current.size >= MAX_SEEN) {
      this.previous = this.current;
      this.current = new Set();
      this.since = now;
    }
    const tag = authenticatorTag(authenticator);
    const label = Buffer.from(tag.buffer, tag.byteOffset, tag.length).toString('latin1');
    if (this.current.has(label) || this.previous.has(label)) return false;
    this.current.add(label);
    return true;
  }
}
