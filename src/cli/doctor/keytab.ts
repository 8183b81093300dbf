import type { CacheContents } from '../../ccache/ccache.ts';
import { memoryType } from '../../ccache/memory.ts';
import { getServiceCredential } from '../../client/service.ts';
import { defaultTgsEnctypes } from '../../config/enctypes.ts';
import { KeytabError } from '../../errors.ts';
import { byPrincipal } from '../../keytab/groups.ts';
import type { Keytab, KeytabEntry } from '../../keytab/keytab.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { defaultKeytab, namedKeytab } from '../../local/keytabs.ts';
import { sentence } from '../../local/sentences.ts';
import { isExpired } from '../../messages/credential.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../../messages/error-codes.ts';
import { KdcError } from '../../messages/krb-error.ts';
import { formatPrincipal, samePrincipal } from '../../messages/principal.ts';
import { Ticket } from '../../messages/ticket.ts';
import type { Session } from '../session.ts';
import { bad, type Finding, failed, good, note } from './finding.ts';
import { isTgs, ticketFinding } from './ticket-keys.ts';

interface Wanted {
  /** The named keytab; if none is named, the default one is checked if possible. */
  readonly name: string | undefined;
  /** The contents of the user's cache. */
  readonly contents: CacheContents | undefined;
}

/** Checking more principals would take the KDC too long. */
const MOST = 20;

/** The named keytab, or the default one. */
export function keytabToCheck(name: string | undefined, session: Session): Keytab {
  return name === undefined ? defaultKeytab(session) : namedKeytab(name);
}

/**
 * Compares the keys of a keytab with those of the KDC, with a new ticket for each principal. If the user has no ticket
 * to request these with, the keys of a named keytab are checked by logging in with them.
 */
export async function checkKeytab({ name, contents }: Wanted, session: Session): Promise<readonly Finding[]> {
  const keytab = keytabToCheck(name, session);
  const subject = subjectOf(keytab);
  let entries: readonly KeytabEntry[];
  try {
    entries = await keytab.entries();
  } catch (error) {
    if (!(error instanceof KeytabError)) throw error;
    // Most users have none, and that of services is readable for root only.
    const away = error.code === 'KEYTAB_NOT_FOUND' || error.code === 'KEYTAB_IO';
    return name === undefined && away ? [] : [failed(subject, error, session.io)];
  }
  const groups = byPrincipal(entries);
  const now = session.io.now();
  const tickets = contents?.credentials.some(each => isTgs(each.server) && !isExpired(each, now))
    ? contents
    : undefined;
  if (tickets === undefined && name === undefined) {
    return [note(subject, "its keys are compared with the KDC's only if there is a ticket, or with -k")];
  }
  const findings: Finding[] = [];
  for (const own of groups.slice(0, MOST)) {
    const check =
      tickets === undefined
        ? provenKeys(own, subject, session)
        : ticketKeys(own, { keytab, tickets }, session);
    findings.push(await check);
  }
  if (groups.length === 0) findings.push(note(subject, 'it contains no keys'));
  const more = groups.length - MOST;
  if (more > 0)
    findings.push(
      note(subject, `its ${more} other principals are not checked; use ktutil verify -k ${keytab.name}`),
    );
  return findings;
}

/** The keys that a new ticket for the principal is sealed in. */
async function ticketKeys(
  own: readonly KeytabEntry[],
  { keytab, tickets }: { readonly keytab: Keytab; readonly tickets: CacheContents },
  session: Session,
): Promise<Finding> {
  const { principal } = own[0]!;
  const name = formatPrincipal(principal);
  const subject = subjectOf(keytab);
  const cache = memoryType.resolve('doctor', session.caches);
  try {
    const others = tickets.credentials.filter(
      each => isTgs(each.server) || !samePrincipal(each.server, principal),
    );
    await cache.initialize({ ...tickets, credentials: others });
    const options = exchangeOptions(session, defaultTgsEnctypes(session.config));
    const credential = await getServiceCredential(cache, principal, options);
    return ticketFinding(Ticket.decode(credential.ticket), own, { subject, name });
  } catch (error) {
    if (!(error instanceof KdcError)) return failed(subject, error, session.io);
    if (error.errorCode === KDC_ERR_S_PRINCIPAL_UNKNOWN) {
      return bad(
        subject,
        `the KDC does not know ${name}`,
        `ktutil remove -k ${keytab.name} ${name}, if it is no longer needed`,
      );
    }
    // For example, those of users, for whom no tickets are issued.
    return note(subject, `its keys of ${name} cannot be compared: ${sentence(error)}`);
  } finally {
    await cache.destroy();
  }
}

/** Checks keys by logging in with them. */
async function provenKeys(own: readonly KeytabEntry[], subject: string, session: Session): Promise<Finding> {
  const { principal } = own[0]!;
  const name = formatPrincipal(principal);
  const { checkKeys } = await import('../ktutil/verify-keys.ts');
  try {
    const keys = await checkKeys(own, undefined, session);
    const live = keys.find(each => each.live !== undefined)?.live;
    if (keys.some(({ state }) => state === 'current')) {
      return good(
        subject,
        `its keys of ${name} match the KDC's${live === undefined ? '' : `, kvno ${live}`}`,
      );
    }
    const states = [...new Set(keys.map(({ entry, state }) => `kvno ${entry.kvno} ${state}`))].join(', ');
    const renew = `create a new keytab for ${name} with ktutil, ktadd or ktpass`;
    return bad(subject, `none of its keys of ${name} matches the KDC's: ${states}`, renew);
  } catch (error) {
    return failed(subject, error, session.io, { before: `its keys of ${name}: ` });
  }
}

function subjectOf(keytab: Keytab): string {
  return `keytab ${keytab.name}`;
}
