import { timingSafeEqual } from 'node:crypto';
import { stringToKey } from '../crypto/string-to-key.ts';
import type { PrincipalEntry } from './database.ts';
import { s2kparams } from './key-version.ts';
import type { NamedPolicy } from './policy.ts';

/** Checking each takes a key derivation, which takes milliseconds. */
const MAX_HISTORY = 64;
/** Lower case, upper case, digits, punctuation, and everything else. */
const CLASSES = [/[a-z]/, /[A-Z]/, /[0-9]/, /[!-/:-@[-`{-~]/, /[^!-~]/];

/** Why a password violates a policy, in a sentence; undefined if it does not. */
export function passwordFault(
  password: string,
  client: PrincipalEntry,
  policy: NamedPolicy,
): string | undefined {
  return contentFault(password, policy) ?? reuseFault(password, client, policy);
}

/** What is wrong with a password, regardless of whose it is. */
export function contentFault(
  password: string,
  { minLength = 1, minClasses = 1 }: NamedPolicy,
): string | undefined {
  if ([...password].length < minLength) {
    return `The password is too short: it must have at least ${plural(minLength, 'character')}.`;
  }
  if (CLASSES.filter(pattern => pattern.test(password)).length < minClasses) {
    const kinds = 'lower case, upper case, digits, punctuation, and others';
    return `The password is too simple: it must mix at least ${minClasses} kinds of characters (${kinds}).`;
  }
  return undefined;
}

/** Why a password that the client has had before is refused; takes a key derivation for each former one. */
export function reuseFault(
  password: string,
  client: PrincipalEntry,
  { history = 0 }: NamedPolicy,
): string | undefined {
  if (!wasUsed(password, client, history)) return undefined;
  return history === 1
    ? 'The password is the present one: choose another.'
    : `The password was used before: it must differ from the last ${history}.`;
}

/** How many versions of keys must be kept for a policy. */
export function versionsKept({ history = 0 }: NamedPolicy): number {
  return Math.min(Math.max(1, history), MAX_HISTORY);
}

/** Whether the password makes the same key as one of the former passwords. */
function wasUsed(password: string, { keys }: PrincipalEntry, history: number): boolean {
  return keys.slice(0, Math.min(history, MAX_HISTORY)).some(version => {
    const { origin, etypes } = version;
    if (origin === undefined) return false;
    const etype = etypes[0]!;
    const made = stringToKey(etype, password, origin.salt, s2kparams(etype, origin));
    return timingSafeEqual(made.bytes, version.key(etype)!.bytes);
  });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
