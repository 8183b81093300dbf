/** The last octet of a key-derivation constant: it selects one of a usage's three keys (RFC 3961 §5.3). */
export const CHECKSUM_KEY = 0x99;
export const ENCRYPTION_KEY = 0xaa;
export const INTEGRITY_KEY = 0x55;

const constants = new Map<number, Uint8Array>();

/**
 * The constant that derives one key of a key usage number: 4 octets of usage, 1 of purpose. It is cached: do not change
 * it.
 */
export function usageConstant(usage: number, purpose: number): Uint8Array {
  const number = usage * 256 + purpose;
  const known = constants.get(number);
  if (known !== undefined) return known;
  const constant = Uint8Array.of(usage >>> 24, usage >>> 16, usage >>> 8, usage, purpose);
  if (usage < 256) constants.set(number, constant);
  return constant;
}

/** Derives a key from each of some constants. */
export type Deriver = (constants: readonly Uint8Array[]) => readonly Uint8Array[];

/** A protocol key has a handful of usages; only a careless caller asks for more than this. */
const MAX_USAGES = 32;

interface Derived<T> {
  readonly usage: number;
  readonly value: T;
}

/** What was derived for each key usage, on first use; the oldest is dropped when there are too many. */
export class UsageCache<T> {
  private readonly make: (usage: number) => T;
  /** An array, as there are nearly always too few for a map to be faster. */
  private readonly derived: Derived<T>[] = [];

  constructor(make: (usage: number) => T) {
    this.make = make;
  }

  get(usage: number): T {
    return this.find(usage) ?? this.put(usage, this.make(usage));
  }

  find(usage: number): T | undefined {
    const { derived } = this;
    for (let i = 0; i < derived.length; i++) {
      const known = derived[i]!;
      if (known.usage === usage) return known.value;
    }
    return undefined;
  }

  /** Stores a value that was derived elsewhere, and returns it. */
  put(usage: number, value: T): T {
    const { derived } = this;
    if (derived.length >= MAX_USAGES) derived.shift();
    derived.push({ usage, value });
    return value;
  }
}
