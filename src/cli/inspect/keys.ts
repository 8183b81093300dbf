import { decrypt, importKey, type Key } from '../../crypto/key.ts';
import { stringToKey } from '../../crypto/string-to-key.ts';
import { KerberosError } from '../../errors.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { toEncryptionKey } from '../../messages/seal.ts';
import type { EncryptedData, EncryptionKey } from '../../messages/types.ts';
import { challengeKey, strengthenedKey, ticketArmorKey } from '../../preauth/fast-keys.ts';

/** What was opened, and by which key. */
export interface OpenedPart {
  readonly plaintext: Uint8Array;
  readonly key: Key;
  readonly by: string;
}

/** Where keys come from. */
export interface KeySources {
  readonly keytab?: readonly KeytabEntry[];
  readonly keys?: readonly Key[];
  readonly password?: string;
}

interface Candidate {
  readonly key: Key;
  readonly by: string;
}

/** A salt that a message states, or that a name implies. */
interface Salt {
  readonly salt: string | Uint8Array;
  readonly params?: Uint8Array | undefined;
}

/** So many attempts take a second or two at most. */
const MAX_ATTEMPTS = 20_000;
/** Deriving a key from a password takes milliseconds, or a second if a message says so. */
const MAX_DERIVATIONS = 24;
const MAX_SALTS = 24;
const MAX_LEARNED = 1000;
/** The enctypes for which keys are derived from a password. */
const PASSWORD_ENCTYPES: readonly number[] = [18, 17, 20, 19, 26, 25, 23];
/** Armor keys whose challenges are tried. */
const MAX_ARMORS = 8;
/** The usual key of a reply is one of those that were found last. */
const MAX_STRENGTHENED = 8;

/** The given keys, and those found in opened parts. */
export class InspectKeys {
  private readonly candidates: Candidate[];
  private readonly password: string | undefined;
  private readonly salts = new Map<string, Salt>();
  private readonly derived = new Map<string, Candidate | undefined>();
  private readonly known = new Set<string>();
  private readonly armors: Key[] = [];
  private attempts = 0;
  private opened = false;

  constructor({ keytab = [], keys = [], password }: KeySources = {}) {
    this.password = password;
    const fromKeytab = keytab.flatMap(({ principal, kvno, key }) => {
      const by = `the keytab's key of ${formatPrincipal(principal)}, kvno ${kvno}`;
      return candidateOf(key, by) ?? [];
    });
    this.candidates = [...keys.map(key => ({ key, by: 'the key given' })), ...fromKeytab];
  }

  /** Whether any part was. */
  get hasOpened(): boolean {
    return this.opened;
  }

  /** A key from an opened part, which may open later parts. */
  learn(key: EncryptionKey, by: string): void {
    const id = `${key.keytype}:${Buffer.from(key.keyvalue).toString('hex')}`;
    if (this.known.has(id) || this.known.size >= MAX_LEARNED) return;
    this.known.add(id);
    const candidate = candidateOf(key, by);
    // The key found last is the likeliest to open the next part.
    if (candidate !== undefined) this.candidates.unshift(candidate);
  }

  /** The armor key of FAST that an authenticator's subkey and the ticket's session key make (RFC 6113 §5.4.1.1). */
  learnArmor(subkey: EncryptionKey, sessionKey: Key): void {
    const key = candidateOf(subkey, '')?.key;
    if (key === undefined) return;
    const armor = ticketArmorKey(key, sessionKey);
    this.learn(toEncryptionKey(armor), 'the armor key');
    if (this.armors.length < MAX_ARMORS) this.armors.push(armor);
  }

  /** A reply in FAST may be sealed in the key that its strengthen-key and the usual one make (RFC 6113 §5.4.3). */
  learnStrengthen(strengthenKey: EncryptionKey): void {
    const key = candidateOf(strengthenKey, '')?.key;
    if (key === undefined) return;
    const derived = [...this.derived.values()].filter(each => each !== undefined);
    for (const usual of [...derived, ...this.candidates.slice(0, MAX_STRENGTHENED)]) {
      this.learn(toEncryptionKey(strengthenedKey(key, usual.key)), `${usual.by}, strengthened by FAST`);
    }
  }

  /** The salt that the name implies, for the password. */
  notePrincipal({ realm, components }: Pick<Principal, 'realm' | 'components'>): void {
    this.noteSalt(realm + components.join(''));
  }

  noteSalt(salt: string | Uint8Array, params?: Uint8Array): void {
    if (this.salts.size >= MAX_SALTS) return;
    this.salts.set(`${hex(salt)}:${hex(params ?? '')}`, { salt, params });
  }

  /** Opens a part with any key and usage that fit; undefined if none does. */
  open({ etype, cipher }: EncryptedData, usages: readonly number[]): OpenedPart | undefined {
    if (++this.attempts > MAX_ATTEMPTS) return undefined;
    for (const { key, by } of this.ofType(etype)) {
      for (const usage of usages) {
        if (++this.attempts > MAX_ATTEMPTS) return undefined;
        const plaintext = attempt(key, usage, cipher);
        if (plaintext === undefined) continue;
        this.opened = true;
        return { plaintext, key, by };
      }
    }
    return undefined;
  }

  /** Opens an encrypted challenge, whose key is made of an armor key and a client's (RFC 6113 §5.4.6). */
  openChallenge({ etype, cipher }: EncryptedData, usages: readonly number[]): OpenedPart | undefined {
    for (const armor of this.armors.filter(each => each.etype === etype)) {
      for (const { key: clientKey, by } of PASSWORD_ENCTYPES.flatMap(each => [...this.ofType(each)])) {
        for (const side of ['client', 'kdc'] as const) {
          if (++this.attempts > MAX_ATTEMPTS) return undefined;
          const key = challengeKey(side, armor, clientKey);
          const plaintext = usages.map(usage => attempt(key, usage, cipher)).find(each => each !== undefined);
          if (plaintext === undefined) continue;
          this.opened = true;
          return { plaintext, key, by: `${by} and the armor key` };
        }
      }
    }
    return undefined;
  }

  /** The result of `work` with the first key that it can use; undefined if there is none. */
  tryEach<T>(work: (key: Key) => T | undefined): { readonly value: T; readonly by: string } | undefined {
    for (const { key, by } of this.candidates) {
      if (++this.attempts > MAX_ATTEMPTS) return undefined;
      const value = work(key);
      if (value === undefined) continue;
      this.opened = true;
      return { value, by };
    }
    return undefined;
  }

  private *ofType(etype: number): Iterable<Candidate> {
    yield* this.candidates.filter(({ key }) => key.etype === etype);
    if (this.password === undefined) return;
    for (const id of [...this.salts.keys()]) {
      const candidate = this.fromPassword(this.password, etype, id);
      if (candidate !== undefined) yield candidate;
    }
  }

  private fromPassword(password: string, etype: number, id: string): Candidate | undefined {
    const name = `${etype}:${id}`;
    if (!this.derived.has(name)) {
      if (this.derived.size >= MAX_DERIVATIONS) return undefined;
      const { salt, params } = this.salts.get(id)!;
      this.derived.set(name, derive(etype, password, salt, params));
    }
    return this.derived.get(name);
  }
}

function derive(
  etype: number,
  password: string,
  salt: string | Uint8Array,
  params: Uint8Array | undefined,
): Candidate | undefined {
  try {
    return { key: stringToKey(etype, password, salt, params), by: 'the password' };
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}

function candidateOf({ keytype, keyvalue }: EncryptionKey, by: string): Candidate | undefined {
  try {
    return { key: importKey(keytype, keyvalue), by };
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}

function attempt(key: Key, usage: number, cipher: Uint8Array): Uint8Array | undefined {
  try {
    return decrypt(key, usage, cipher);
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}

function hex(bytes: string | Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
