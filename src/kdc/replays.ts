import { authenticatorTag } from '../ap/replay-cache.ts';
import { TagSet } from '../ap/tag-set.ts';
import type { EncryptedData } from '../messages/types.ts';

/** How many authenticators are remembered per span, in some megabytes. */
const MAX_SEEN = 1 << 16;

/**
 * Recent authenticators, and other data that may be used only once, so that none can be replayed (RFC 4120 §3.3.3,
 * §10). There are two sets, each used for as long as an authenticator is fresh; the older one is dropped as a whole. If
 * there are too many, they are dropped sooner: without the session key, a replayed TGS-REQ is of no use.
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

  /** Records an authenticator that has been verified; returns false if it was recorded before. */
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
