import { textToBytes } from '../codec/text.ts';
import type { Key } from '../crypto/key.ts';
import { stringToKey } from '../crypto/string-to-key.ts';
import { KerberosError } from '../errors.ts';
import { findKey, keysOf } from '../keytab/find.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { readyKey } from '../messages/ready-key.ts';
import type { KeyHints } from '../preauth/hints.ts';
import type { Trace } from '../trace.ts';
import { tellKey, tellKeytab } from './telling.ts';

/**
 * How a client authenticates: with a password, which is asked for when it is needed, or with the entries of a keytab.
 */
export type Secret =
  | { readonly password: () => Promise<string> }
  | { readonly keytab: readonly KeytabEntry[] };

/** The same secret, except that its password is asked for only once. Throws TypeError for anything else. */
export function readOnce(secret: Secret): Secret {
  // Else V8 would, with the password in its words.
  if (!isSecret(secret)) {
    throw new TypeError('The secret must be { password }, a function, or { keytab }, its entries');
  }
  if (!('password' in secret)) return secret;
  let password: Promise<string> | undefined;
  return {
    password() {
      password ??= secret.password();
      return password;
    },
  };
}

function isSecret(secret: unknown): boolean {
  if (typeof secret !== 'object' || secret === null) return false;
  return 'password' in secret
    ? typeof secret.password === 'function'
    : 'keytab' in secret && Array.isArray(secret.keytab);
}

/** The client's long-term keys, each made once. */
export interface ClientKeys {
  /** Those of the given enctypes that are worth asking for; a keytab's own come first. */
  order(enctypes: readonly number[]): readonly number[];
  /** The key that the KDC's hints describe. Throws KerberosError KEYTAB_NO_KEY. */
  key(hints: KeyHints): Promise<Key>;
  /** The error for a reply that the key does not open. */
  rejected(cause?: unknown): KerberosError;
}

/** The keys of `client` from a secret. Throws KerberosError KEYTAB_NO_KEY where a keytab has none of its keys. */
export function clientKeys(secret: Secret, client: Principal, trace: Trace): ClientKeys {
  return 'password' in secret
    ? passwordKeys(secret.password, trace)
    : keytabKeys(secret.keytab, client, trace);
}

function passwordKeys(read: () => Promise<string>, trace: Trace): ClientKeys {
  let made: { hints: KeyHints; key: Key } | undefined;
  return {
    order: enctypes => enctypes,
    async key(hints) {
      if (made !== undefined && sameHints(made.hints, hints)) return made.key;
      // A password may contain bytes that are not UTF-8.
      const text: unknown = await read();
      // Else Node would, with the password in its words.
      if (typeof text !== 'string') throw new TypeError('a password is a string');
      const password = textToBytes(text);
      made = { hints, key: stringToKey(hints.etype, password, hints.salt, hints.s2kparams) };
      tellKey(trace, { source: 'password', enctype: hints.etype });
      return made.key;
    },
    rejected: cause => new KerberosError('PASSWORD_INCORRECT', 'Password incorrect', { cause }),
  };
}

function keytabKeys(entries: readonly KeytabEntry[], client: Principal, trace: Trace): ClientKeys {
  // Key versions are not compared: a client's own keytab is right or wrong, whatever its numbers.
  const own = keysOf(entries, client);
  tellKeytab(trace, client, { own, entries });
  if (own.length === 0) throw noKey(client);
  let told: KeytabEntry | undefined;
  const has = (etype: number): boolean => own.some(entry => entry.key.keytype === etype);
  return {
    order: enctypes => [...enctypes.filter(has), ...enctypes.filter(etype => !has(etype))],
    async key(hints) {
      const entry = findKey(own, client, { etype: hints.etype });
      if (entry === undefined) throw noKey(client);
      if (entry !== told) tellKey(trace, { source: 'keytab', enctype: hints.etype, kvno: entry.kvno });
      told = entry;
      return readyKey(entry.key);
    },
    rejected: cause => new KerberosError('PREAUTH_FAILED', 'Preauthentication failed', { cause }),
  };
}

function noKey(client: Principal): KerberosError {
  return new KerberosError(
    'KEYTAB_NO_KEY',
    `Keytab contains no suitable keys for ${formatPrincipal(client)}`,
  );
}

function sameHints(a: KeyHints, b: KeyHints): boolean {
  const same = (x: Uint8Array | undefined, y: Uint8Array | undefined): boolean =>
    x === y || (x !== undefined && y !== undefined && Buffer.compare(x, y) === 0);
  return a.etype === b.etype && same(a.salt, b.salt) && same(a.s2kparams, b.s2kparams);
}
