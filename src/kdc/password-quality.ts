import { timingSafeEqual } from 'node:crypto';
import { stringToKey } from '../crypto/string-to-key.ts';
import type { PrincipalEntry } from './database.ts';
import { s2kparams } from './key-version.ts';
import type { NamedPolicy } from './policy.ts';

/** A derivation for each costs milliseconds. */
const MAX_HISTORY = 64;
/** Lower case, upper case, digits, punctuation, and all else. */
const CLASSES = [/[a-z]/, /[A-Z]/, /[0-9]/, /[!-/:-@[-`{-~]/, /[^!-~]/];

/** Why a password is not good enough by a policy, in a sentence; undefined where it is. */
export function passwordFault(
  password: string,
  client: PrincipalEntry,
  policy: NamedPolicy,
): string | undefined {
  return contentFault(password, policy) ?? reuseFault(password, client, policy);
}

/** What is wrong with a password whoever has it. */
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

/** Whether a password was one of the client's before; it takes a derivation for each that is remembered. */
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

/** How many versions of keys a policy takes to remember. */
export function versionsKept({ history = 0 }: NamedPolicy): number {
  return Math.min(Math.max(1, history), MAX_HISTORY);
}

/** Whether one of the last passwords makes the key that it made. */
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
