import { profileOf } from '../crypto/enctypes.ts';
import { importKey, type Key } from '../crypto/key.ts';
import type { PaData } from '../messages/types.ts';
import { adoptLoginKeys } from './login-keys.ts';

/** The parameters of string-to-key besides the password. */
export interface PasswordOrigin {
  readonly salt: string;
  /** Salts that differ from `salt`, by enctype, as other KDCs make them. */
  readonly salts?: Readonly<Record<number, string>> | undefined;
  /** The number of PBKDF2 rounds, if it is not the enctype's default. */
  readonly iterations?: number | undefined;
}

/** The salt of one enctype's key. */
export function saltOf(etype: number, { salt, salts }: PasswordOrigin): string {
  return salts?.[etype] ?? salt;
}

/**
 * The s2kparams that tell a client of a count other than the default (RFC 3962 §4); none for enctypes without a count.
 */
export function s2kparams(etype: number, { iterations }: PasswordOrigin): Uint8Array | undefined {
  if (iterations === undefined || profileOf(etype).defaultIterations === 0) return undefined;
  return Uint8Array.of(iterations >>> 24, iterations >>> 16, iterations >>> 8, iterations);
}

/** A key as it is stored. */
interface KeyBytes extends Pick<Key, 'etype' | 'bytes'> {
  /** The result of `loginKeys`, if it was stored. */
  readonly login?: string | undefined;
}

/** A key that is derived when it is first used. */
export interface LaterKey {
  readonly etype: number;
  make(): Key;
}

/**
 * The keys of one version of a principal, the preferred first. They are packed in one array; a `Key`, which holds
 * ciphers and whatever else is derived from the bytes, is made when it is first used and dropped when others need the
 * room. A `LaterKey`, and the password that it is derived from, is kept until its bytes exist.
 */
export class KeyVersion {
  readonly kvno: number;
  readonly etypes: readonly number[];
  readonly origin: PasswordOrigin | undefined;
  /** Sent with every reply in one of its keys, once it has been made. */
  hints: { readonly etype: number; readonly padata: readonly PaData[] } | undefined;
  private readonly packed: Uint8Array;
  private readonly lengths: readonly number[];
  private readonly pool: OpenKeys;
  /** The keys whose bytes have not been derived yet. */
  private later: (LaterKey | undefined)[] | undefined;
  private open: (Key | undefined)[] | undefined;
  /** The results of `loginKeys` for some of them. */
  private login: (string | undefined)[] | undefined;

  constructor(kvno: number, keys: readonly (KeyBytes | LaterKey)[], pool: OpenKeys, origin?: PasswordOrigin) {
    if (keys.length === 0) throw new TypeError('a principal needs a key');
    this.kvno = kvno;
    this.etypes = keys.map(({ etype }) => etype);
    this.lengths = keys.map(({ etype }) => profileOf(etype).keyLength);
    this.packed = new Uint8Array(this.lengths.reduce((sum, length) => sum + length));
    this.pool = pool;
    this.origin = origin;
    for (const [index, key] of keys.entries()) {
      if (!('make' in key)) {
        this.packed.set(key.bytes, this.startOf(index));
        if (key.login !== undefined) {
          this.login ??= [];
          this.login[index] = key.login;
        }
        continue;
      }
      this.later ??= [];
      this.later[index] = key;
    }
  }

  /** The key of an enctype, if there is one. */
  key(etype: number): Key | undefined {
    const index = this.etypes.indexOf(etype);
    if (index < 0) return undefined;
    const known = this.open?.[index];
    if (known !== undefined) return known;
    if (this.open === undefined) {
      this.open = [];
      this.pool.admit(this);
    }
    const key = this.make(index) ?? importKey(etype, this.bytesOf(index));
    const login = this.login?.[index];
    if (login !== undefined) adoptLoginKeys(key, login);
    this.open[index] = key;
    return key;
  }

  /** Every key with its enctype. */
  rows(): readonly { readonly etype: number; readonly bytes: Uint8Array }[] {
    return this.etypes.map((etype, index) => ({ etype, bytes: this.bytesOf(index) }));
  }

  /** Drops the opened keys. */
  close(): void {
    this.open = undefined;
  }

  /** Derives the key of a `LaterKey`. */
  private make(index: number): Key | undefined {
    const key = this.later?.[index]?.make();
    if (key === undefined) return undefined;
    this.packed.set(key.bytes, this.startOf(index));
    this.later![index] = undefined;
    return key;
  }

  private bytesOf(index: number): Uint8Array {
    this.make(index);
    const start = this.startOf(index);
    return this.packed.slice(start, start + this.lengths[index]!);
  }

  private startOf(index: number): number {
    let start = 0;
    for (let i = 0; i < index; i++) start += this.lengths[i]!;
    return start;
  }
}

/** An opened key takes some kilobytes, most of them outside the heap. */
const MAX_OPEN = 4096;

/** Limits how many key versions of one database have opened keys: the one opened first is dropped. */
export class OpenKeys {
  private readonly ring: (KeyVersion | undefined)[] = [];
  private next = 0;

  admit(version: KeyVersion): void {
    this.ring[this.next]?.close();
    this.ring[this.next] = version;
    this.next = (this.next + 1) % MAX_OPEN;
  }
}
