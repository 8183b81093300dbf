import { bytesToHex } from '../codec/text.ts';
import type { Keytab, KeytabEntry } from '../keytab/keytab.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { enctypeJson } from './json.ts';

/** A keytab in JSON; the keys themselves only on request. */
export function keytabJson(
  { name }: Keytab,
  entries: readonly KeytabEntry[],
  { withKeys }: { readonly withKeys: boolean },
): object {
  const keys = entries.map(entry => ({
    ...keytabEntryJson(entry),
    time: entry.timestamp,
    ...(withKeys && { key: bytesToHex(entry.key.keyvalue) }),
  }));
  return { keytab: name, keys };
}

/** Identifies the key of an entry: principal, version and enctype. */
export function keytabEntryJson({ principal, kvno, key }: KeytabEntry): object {
  return { principal: formatPrincipal(principal), kvno, enctype: enctypeJson(key.keytype) };
}
