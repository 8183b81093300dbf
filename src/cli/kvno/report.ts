import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { ActivityError, during } from '../../local/activity.ts';
import type { Credential } from '../../messages/credential.ts';
import { samePrincipal, toPrincipal } from '../../messages/principal.ts';
import { type EncTicketPart, Ticket } from '../../messages/ticket.ts';
import type { Trace } from '../../trace.ts';
import type { Io } from '../terminal.ts';

interface ReportOptions {
  readonly io: Io;
  readonly trace: Trace;
  /** Prints only errors. */
  readonly quiet: boolean;
  /** Prints one line of JSON instead. */
  readonly json: boolean;
  /** The entries of the keytab that is to open the ticket. */
  readonly entries: (() => Promise<readonly KeytabEntry[]>) | undefined;
  /** Whether a service obtained the ticket in the name of a user. */
  readonly inUsersName: boolean;
}

/** Prints a ticket's key version and, if a keytab is to be checked, whether it opens the ticket. */
export async function reportTicket(
  credential: Credential,
  name: string,
  { io, trace, quiet, json, entries, inUsersName }: ReportOptions,
): Promise<void> {
  const { encPart } = await during(`decoding ticket for ${name}`, () => Ticket.decode(credential.ticket));
  const line = printable(`${name}: kvno = ${encPart.kvno ?? 0}`);
  const activity = `decrypting ticket for ${name}`;
  let part: EncTicketPart | undefined;
  try {
    if (entries !== undefined) {
      const { openWithKeytab, tellKeys } = await import('./keytab.ts');
      const keys = await entries();
      tellKeys(trace, { credential, sealed: encPart, keys });
      part = openWithKeytab(encPart, keys).part;
    }
  } catch (error) {
    if (!quiet && !json) io.err(`${line}, keytab entry invalid\n`);
    throw new ActivityError(activity, error);
  }
  if (part !== undefined && inUsersName) await during(activity, () => checkClient(part, credential));
  if (json) io.out(await reportJson(credential, part !== undefined, io.now()));
  else if (!quiet) io.out(`${line}${entries === undefined ? '' : ', keytab entry valid'}\n`);
}

async function reportJson(credential: Credential, opened: boolean, now: Date): Promise<string> {
  const { lineOfJson } = await import('../json.ts');
  const { ticketJson } = await import('../ticket-json.ts');
  // `keytab` is only there if one was to be checked.
  return lineOfJson({ ...(await ticketJson(credential, now)), keytab: opened ? 'valid' : null });
}

/** Not every KDC authenticates the user that its reply names; the ticket does. */
function checkClient({ cname, crealm }: EncTicketPart, { client }: Credential): void {
  if (!samePrincipal(toPrincipal(cname, crealm), client)) {
    throw new KerberosError('REPLY_MODIFIED', 'The ticket is for another client than the KDC said');
  }
}
