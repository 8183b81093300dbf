import type { Key } from '../crypto/key.ts';
import { KerberosError } from '../errors.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { KU_TICKET } from '../messages/numbers.ts';
import { toKey, unseal } from '../messages/seal.ts';
import { EncTicketPart } from '../messages/ticket.ts';
import type { EncryptedData } from '../messages/types.ts';
import { namedKeytab } from './keytabs.ts';

/** The entries of a keytab, read at most once. */
export function keytabEntries(name: string): () => Promise<readonly KeytabEntry[]> {
  const keytab = namedKeytab(name, '');
  let entries: Promise<readonly KeytabEntry[]> | undefined;
  return () => {
    entries ??= keytab.entries();
    return entries;
  };
}

/**
 * What a ticket holds, and the key for it. As a service does it: whichever key opens the ticket is right, whatever name
 * and number the keytab gives it. Throws KerberosError KEYTAB_NO_KEY.
 */
export function openWithKeytab(
  sealed: EncryptedData,
  entries: readonly KeytabEntry[],
): { readonly part: EncTicketPart; readonly key: Key } {
  for (const entry of entries) {
    if (entry.key.keytype !== sealed.etype) continue;
    try {
      const key = toKey(entry.key);
      return { part: unseal(EncTicketPart, sealed, key, KU_TICKET), key };
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
    }
  }
  throw new KerberosError('KEYTAB_NO_KEY', 'No key of the keytab opens the ticket');
}
