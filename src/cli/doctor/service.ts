import type { CacheContents } from '../../ccache/ccache.ts';
import { memoryType } from '../../ccache/memory.ts';
import { enctypeText } from '../../client/telling.ts';
import { defaultTgsEnctypes } from '../../config/enctypes.ts';
import { KeytabError } from '../../errors.ts';
import type { Keytab, KeytabEntry } from '../../keytab/keytab.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { formatPrincipal, type Principal, samePrincipal, toPrincipal } from '../../messages/principal.ts';
import { Ticket } from '../../messages/ticket.ts';
import { serviceTicket } from '../service-ticket.ts';
import type { Session } from '../session.ts';
import { type Finding, failed, good, note } from './finding.ts';
import type { Presentation } from './present.ts';
import { isTgs, opens, ticketFinding } from './ticket-keys.ts';

/** What is known of the user's tickets, and of how to reach the service. */
export interface Errand {
  readonly contents: CacheContents;
  readonly presentation: Presentation;
  /** The keytab of the service, if it is here. */
  readonly keytab: Keytab;
}

/** Gets a ticket for a service with a copy of the cache, checks it with the keytab of this host, and presents it. */
export async function checkService(
  server: Principal,
  { contents, presentation, keytab }: Errand,
  session: Session,
): Promise<readonly Finding[]> {
  const { io, config } = session;
  const subject = `ticket for ${formatPrincipal(server)}`;
  // The check must not change the user's cache.
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
      await openedBy(keytab, ticket, session),
      ...(await presentTicket(presented, presentation, session)),
    ];
  } catch (error) {
    return [failed(subject, error, io)];
  } finally {
    await cache.destroy();
  }
}

/** Whether the keytab opens the ticket, as the service would. */
async function openedBy(keytab: Keytab, ticket: Ticket, session: Session): Promise<Finding> {
  const server = toPrincipal(ticket.sname, ticket.realm);
  const subject = `keytab ${keytab.name}`;
  let entries: readonly KeytabEntry[];
  try {
    entries = await keytab.entries();
  } catch (error) {
    if (!(error instanceof KeytabError)) throw error;
    const away = error.code === 'KEYTAB_NOT_FOUND' || error.code === 'KEYTAB_IO';
    // A service's keytab is readable for root only, and is not here if the service is on another host.
    if (away) return note(subject, `it cannot be read: ${error.message}`);
    return failed(subject, error, session.io);
  }
  const name = formatPrincipal(server);
  const own = entries.filter(({ principal }) => samePrincipal(principal, server));
  if (own.length > 0) return ticketFinding(ticket, own, { subject, name });
  // In Active Directory, the key may be there under the name of the service's account.
  const other = entries.find(({ key }) => opens(ticket.encPart, key));
  return other === undefined
    ? note(subject, `it has no key of ${name}`)
    : good(
        subject,
        `its key of ${formatPrincipal(other.principal)} decrypts the ticket: a service that tries every key would accept it`,
      );
}
