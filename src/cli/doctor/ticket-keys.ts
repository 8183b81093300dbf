import { enctypeText } from '../../client/telling.ts';
import { KerberosError } from '../../errors.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { KU_TICKET } from '../../messages/numbers.ts';
import type { Principal } from '../../messages/principal.ts';
import { toKey, unseal } from '../../messages/seal.ts';
import { EncTicketPart, type Ticket } from '../../messages/ticket.ts';
import { bad, type Finding, good } from './finding.ts';

/** Without this ticket no other can be requested. */
export function isTgs({ components }: Principal): boolean {
  return components[0] === 'krbtgt';
}

/** Whether one of a service's keys in a keytab opens a ticket for it, and if not, why. */
export function ticketFinding(
  { encPart }: Ticket,
  entries: readonly KeytabEntry[],
  { subject, name }: { readonly subject: string; readonly name: string },
): Finding {
  if (entries.some(({ key }) => opens(encPart, key))) {
    return good(subject, `its key of ${name} decrypts the ticket: the service would accept it`);
  }
  const renew = `create a new keytab for ${name} with ktutil, ktadd or ktpass`;
  const versions = [...new Set(entries.map(({ kvno }) => kvno))].join(', ');
  if (encPart.kvno !== undefined && !entries.some(({ kvno }) => kvno === encPart.kvno)) {
    return bad(subject, `it has kvno ${versions} of ${name}, and the KDC kvno ${encPart.kvno}`, renew);
  }
  if (!entries.some(({ key }) => key.keytype === encPart.etype)) {
    return bad(
      subject,
      `it has no ${enctypeText(encPart.etype)} key of ${name}, which the ticket needs`,
      renew,
    );
  }
  return bad(
    subject,
    `its key of ${name} does not decrypt the ticket, although the version is the same`,
    renew,
  );
}

/** Whether the key decrypts the encrypted part of a ticket. */
export function opens(encPart: Ticket['encPart'], key: KeytabEntry['key']): boolean {
  if (key.keytype !== encPart.etype) return false;
  try {
    unseal(EncTicketPart, encPart, toKey(key), KU_TICKET);
    return true;
  } catch (error) {
    if (error instanceof KerberosError) return false;
    throw error;
  }
}
