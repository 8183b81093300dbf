import type { CacheContents } from '../../ccache/ccache.ts';
import { memoryType } from '../../ccache/memory.ts';
import { enctypeText } from '../../client/telling.ts';
import { defaultTgsEnctypes } from '../../config/enctypes.ts';
import { KerberosError, KeytabError } from '../../errors.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { KU_TICKET } from '../../messages/numbers.ts';
import { formatPrincipal, type Principal, samePrincipal, toPrincipal } from '../../messages/principal.ts';
import { toKey, unseal } from '../../messages/seal.ts';
import { EncTicketPart, Ticket } from '../../messages/ticket.ts';
import { exchangeOptions } from '../exchange.ts';
import { defaultKeytab } from '../keytabs.ts';
import { serviceTicket } from '../service-ticket.ts';
import type { Session } from '../session.ts';
import { bad, type Finding, failed, good, note } from './finding.ts';
import type { Presentation } from './present.ts';

/** What is known of the user's tickets, and of how to reach the service. */
export interface Errand {
  readonly contents: CacheContents;
  readonly presentation: Presentation;
}

/** Gets a ticket for a service with a copy of the cache, tries it on the keytab of this host, and presents it. */
export async function checkService(
  server: Principal,
  { contents, presentation }: Errand,
  session: Session,
): Promise<readonly Finding[]> {
  const { io, config } = session;
  const subject = `ticket for ${formatPrincipal(server)}`;
  // Looking must not change the user's cache.
  const cache = memoryType.resolve('doctor', session.caches);
  try {
    await cache.initialize({
      ...contents,
      credentials: contents.credentials.filter(
        ({ server: other }) => isTgs(server) || !samePrincipal(other, server),
      ),
    });
    const credential = await serviceTicket(
      cache,
      server,
      exchangeOptions(session, defaultTgsEnctypes(config)),
    );
    const ticket = Ticket.decode(credential.ticket);
    const { etype, kvno } = ticket.encPart;
    const version = kvno === undefined ? '' : `, kvno ${kvno}`;
    const keys = `${enctypeText(etype)}${version}, session key ${enctypeText(credential.key.keytype)}`;
    const { presentTicket } = await import('./present.ts');
    const presented = { server, credential, cache, kdcOffset: contents.kdcOffset };
    return [
      good(subject, `the KDC gives one: ${keys}`),
      await checkKeytab(ticket, session),
      ...(await presentTicket(presented, presentation, session)),
    ];
  } catch (error) {
    return [failed(subject, error, io)];
  } finally {
    await cache.destroy();
  }
}

/** Without that ticket no other can be asked for. */
function isTgs({ components }: Principal): boolean {
  return components[0] === 'krbtgt';
}

/** Whether the keytab of this host opens the ticket, as the service would. */
async function checkKeytab(ticket: Ticket, session: Session): Promise<Finding> {
  const server = toPrincipal(ticket.sname, ticket.realm);
  const keytab = defaultKeytab(session);
  const subject = `keytab ${keytab.name}`;
  let entries: readonly KeytabEntry[];
  try {
    entries = (await keytab.entries()).filter(({ principal }) => samePrincipal(principal, server));
  } catch (error) {
    if (!(error instanceof KeytabError)) throw error;
    const away = error.code === 'KEYTAB_NOT_FOUND' || error.code === 'KEYTAB_IO';
    // That of a service is for root alone, and where the service is another host there is none.
    if (away) return note(subject, `it cannot be read here: ${error.message}`);
    return failed(subject, error, session.io);
  }
  const name = formatPrincipal(server);
  if (entries.length === 0) return note(subject, `it has no key of ${name}`);
  return ticketFinding(ticket, entries, { subject, name });
}

function ticketFinding(
  { encPart }: Ticket,
  entries: readonly KeytabEntry[],
  { subject, name }: { readonly subject: string; readonly name: string },
): Finding {
  if (entries.some(({ key }) => opens(encPart, key))) {
    return good(subject, `its key of ${name} opens the ticket: the service would accept it`);
  }
  const renew = `have the keytab of ${name} written anew: ktutil, ktadd or ktpass`;
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
  return bad(subject, `its key of ${name} does not open the ticket, though the version is the same`, renew);
}

function opens(encPart: Ticket['encPart'], key: KeytabEntry['key']): boolean {
  if (key.keytype !== encPart.etype) return false;
  try {
    unseal(EncTicketPart, encPart, toKey(key), KU_TICKET);
    return true;
  } catch (error) {
    if (error instanceof KerberosError) return false;
    throw error;
  }
}
