import { enctypeText, tellKeytab } from '../../client/telling.ts';
import type { Key } from '../../crypto/key.ts';
import { KerberosError } from '../../errors.ts';
import { keysOf } from '../../keytab/find.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { namedKeytab } from '../../local/keytabs.ts';
import type { Credential } from '../../messages/credential.ts';
import { KU_TICKET } from '../../messages/numbers.ts';
import { formatPrincipal, toPrincipal } from '../../messages/principal.ts';
import { toKey, unseal } from '../../messages/seal.ts';
import { EncTicketPart, Ticket } from '../../messages/ticket.ts';
import type { EncryptedData } from '../../messages/types.ts';
import type { Trace } from '../../trace.ts';

/** The entries of a keytab, read at most once. */
export function keytabEntries(name: string): () => Promise<readonly KeytabEntry[]> {
  const keytab = namedKeytab(name, { joint: '' });
  let entries: Promise<readonly KeytabEntry[]> | undefined;
  return () => {
    entries ??= keytab.entries();
    return entries;
  };
}

/**
 * The contents of a ticket, and the key that opened it. As in a service, any key that opens the ticket is right,
 * whatever its principal and version in the keytab. Throws KerberosError KEYTAB_NO_KEY.
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

/** Traces the key that a ticket is sealed with, and the keytab's keys for its service. */
export function tellKeys(
  trace: Trace,
  facts: {
    readonly credential: Credential;
    readonly sealed: Ticket['encPart'];
    readonly keys: readonly KeytabEntry[];
  },
): void {
  const { etype: enctype, kvno } = facts.sealed;
  const { sname, realm } = Ticket.decode(facts.credential.ticket);
  const server = toPrincipal(sname, realm);
  trace(`The ticket is sealed in ${enctypeText(enctype)}, kvno ${kvno ?? 0}`, {
    kind: 'sealed',
    what: `ticket of ${formatPrincipal(server)}`,
    enctype,
    kvno,
  });
  tellKeytab(trace, server, { own: keysOf(facts.keys, server), entries: facts.keys });
}
