import { authenticatorTag } from '../ap/replay-cache.ts';
import { TagSet } from '../ap/tag-set.ts';
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
  private current = new TagSet();
  private previous = new TagSet();
  private since = Number.NEGATIVE_INFINITY;

  /** `span` is how long an authenticator is fresh, in milliseconds. */
  constructor(span: number) {
    this.span = span;
  }

  /** Notes an authenticator that has been verified; false if it was here before. */
  admit(authenticator: EncryptedData, now: number): boolean {
    if (now - this.since >= this.span || this.current.size >= MAX_SEEN) {
      this.previous = this.current;
      this.current = new TagSet();
      this.since = now;
    }
    const tag = authenticatorTag(authenticator);
    return !this.previous.has(tag) && this.current.add(tag);
  }
}
