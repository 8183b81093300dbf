/** The last octet of a key-derivation constant: which of a usage's three keys it makes (RFC 3961 §5.3). */
export const CHECKSUM_KEY = 0x99;
export const ENCRYPTION_KEY = 0xaa;
export const INTEGRITY_KEY = 0x55;

/** The constant that derives one key of a key usage number: 4 octets of usage, 1 of purpose. */
export function usageConstant(usage: number, purpose: number): Uint8Array {
  return Uint8Array.of(usage >>> 24, usage >>> 16, usage >>> 8, usage, purpose);
}

/** A protocol key serves a handful of usages; more than this many come only from a careless caller. */
const MAX_USAGES = 32;

interface Derived<T> {
  readonly usage: number;
  readonly value: T;
}

/** What is derived per key usage, made on first use; the oldest gives way when there are too many. */
export class UsageCache<T> {
  private readonly make: (usage: number) => T;
  /** Nearly always fewer than it takes to make a map worth its while. */
  private readonly derived: Derived<T>[] = [];

  constructor(make: (usage: number) => T) {
    this.make = make;
  }

  get(usage: number): T {
    const { derived } = this;
    for (let i = 0; i < derived.length; i++) {
      const known = derived[i]!;
      if (known.usage === usage) return known.value;
    }
    const value = this.make(usage);
    if (derived.length >= MAX_USAGES) derived.shift();
    derived.push({ usage, value });
    return value;
  }
}
