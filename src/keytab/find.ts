import { type Principal, samePrincipal } from '../messages/principal.ts';
import type { KeytabEntry } from './keytab.ts';

interface FindKeyOptions {
  /** The key version asked for; absent or 0 for the newest. */
  readonly kvno?: number | undefined;
  /** The enctype asked for; absent for any. */
  readonly etype?: number | undefined;
}

/** The entry for a principal that fits the options best, or undefined. */
export function findKey(
  entries: readonly KeytabEntry[],
  principal: Principal,
  options: FindKeyOptions = {},
): KeytabEntry | undefined {
  const { kvno = 0, etype } = options;
  const fitting = keysOf(entries, principal).filter(
    ({ key }) => etype === undefined || key.keytype === etype,
  );
  if (kvno === 0) return newest(fitting);
  // Old keytabs contain only the low 8 bits.
  return fitting.find(entry => entry.kvno === kvno) ?? fitting.find(entry => entry.kvno === (kvno & 0xff));
}

/** The entries for a principal, in the order of the keytab. */
export function keysOf(entries: readonly KeytabEntry[], principal: Principal): readonly KeytabEntry[] {
  return entries.filter(entry => samePrincipal(entry.principal, principal));
}

function newest(entries: readonly KeytabEntry[]): KeytabEntry | undefined {
  return entries.reduce<KeytabEntry | undefined>(
    (best, entry) => (best === undefined || isNewer(entry, best) ? entry : best),
    undefined,
  );
}

/** Compares versions; a small one that was written no earlier than one near 255 follows it, in 8 bits. */
function isNewer(a: KeytabEntry, b: KeytabEntry): boolean {
  if (wrapped(a, b)) return true;
  if (wrapped(b, a)) return false;
  return a.kvno > b.kvno;
}

function wrapped(small: KeytabEntry, large: KeytabEntry): boolean {
  return small.kvno < 128 && large.kvno > 240 && small.timestamp.getTime() >= large.timestamp.getTime();
}
