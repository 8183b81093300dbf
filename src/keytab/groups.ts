import { formatPrincipal } from '../messages/principal.ts';
import type { KeytabEntry } from './keytab.ts';

/** The entries of each principal, in the order of the principals' first entries. */
export function byPrincipal(entries: readonly KeytabEntry[]): readonly (readonly KeytabEntry[])[] {
  const groups = new Map<string, KeytabEntry[]>();
  for (const entry of entries) {
    const name = formatPrincipal(entry.principal);
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return [...groups.values()];
}
