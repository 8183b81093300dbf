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

/** What is derived per key usage, made on first use; the oldest gives way when there are too many. */
export class UsageCache<T> {
  private readonly make: (usage: number) => T;
  private readonly values = new Map<number, T>();

  constructor(make: (usage: number) => T) {
    this.make = make;
  }

  get(usage: number): T {
    const known = this.values.get(usage);
    if (known !== undefined) return known;
    const value = this.make(usage);
    if (this.values.size >= MAX_USAGES) {
      for (const oldest of this.values.keys()) {
        this.values.delete(oldest);
        break;
      }
    }
    this.values.set(usage, value);
    return value;
  }
}
