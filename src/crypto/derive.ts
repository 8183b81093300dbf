/** The last octet of a key-derivation constant: which of a usage's three keys it makes (RFC 3961 §5.3). */
export const CHECKSUM_KEY = 0x99;
export const ENCRYPTION_KEY = 0xaa;
export const INTEGRITY_KEY = 0x55;

const constants = new Map<number, Uint8Array>();

/** The constant that derives one key of a key usage number: 4 octets of usage, 1 of purpose. It is kept, not to be changed. */
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

  /** Takes what was made otherwise; answers it. */
  put(usage: number, value: T): T {
    const { derived } = this;
    if (derived.length >= MAX_USAGES) derived.shift();
    derived.push({ usage, value });
    return value;
  }
}
