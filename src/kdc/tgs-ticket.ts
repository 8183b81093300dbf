import { randomKey } from '../crypto/key.ts';
import { FORWARDED, PROXY, RENEW, RENEWABLE, TRANSITED_POLICY_CHECKED, VALIDATE } from '../messages/flags.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { toEncryptionKey } from '../messages/seal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import { requestedAddresses } from './addresses.ts';
import { longestLives } from './admission.ts';
import { combinedAuthorizationData } from './authorization-data.ts';
import type { PrincipalEntry } from './database.ts';
import { type Exchange, wholeSeconds } from './exchange.ts';
import { reissued } from './reissue.ts';
import type { Behalf, Subject } from './s4u.ts';
import type { TgsHeader } from './tgs-header.ts';
import { grantableOptions } from './tgs-options.ts';
import { ticketFlags, withheldFrom } from './ticket-flags.ts';
import { ticketTimes } from './ticket-times.ts';
import { transitedBy } from './transited.ts';

/** What the ticket in a TGS-REP is made from. */
export interface TgsParties {
  readonly header: TgsHeader;
  readonly server: PrincipalEntry;
  /** Set if the client of the header asks in another principal's name. */
  readonly behalf?: Behalf | undefined;
}

/** The content of the ticket that answers a TGS-REQ (RFC 4120 §3.3.3). */
export function newTicket(
  exchange: Exchange,
  body: KdcReqBody,
  { header, server, session, behalf }: TgsParties & { readonly session: number },
): EncTicketPart {
  const part: Subject = behalf?.subject ?? header.part;
  const again = body.kdcOptions & (RENEW | VALIDATE);
  // A renewed ticket keeps its flags, so that nothing would tell of a changed address.
  const bound = !again && body.kdcOptions & (FORWARDED | PROXY);
  const { flags, starttime, endtime, renewTill } = again
    ? reissued(header.part, body.kdcOptions, wholeSeconds(exchange))
    : flagsAndTimes(exchange, body, { header, server, behalf });
  return {
    flags,
    starttime,
    endtime,
    renewTill,
    key: toEncryptionKey(randomKey(session)),
    crealm: part.crealm,
    cname: part.cname,
    transited: again ? part.transited : transitedOf(exchange, body, { header, behalf }),
    authtime: part.authtime,
    caddr: bound ? requestedAddresses(body) : part.caddr,
    authorizationData: combinedAuthorizationData(header, part.authorizationData, body.encAuthorizationData),
  };
}

function flagsAndTimes(
  exchange: Exchange,
  body: KdcReqBody,
  { header: { part }, server, behalf }: TgsParties,
): ReturnType<typeof reissued> {
  // The user in whose name a service asks has not logged in for this ticket, which is the user's all the same.
  const user = behalf?.client?.policy ?? {};
  const policies = [server.policy, user];
  const subject = behalf?.subject ?? part;
  const { maxLife, maxRenewableLife } = longestLives(exchange.kdc.database.realm(body.realm)!, policies);
  const { starttime, endtime, renewTill } = ticketTimes(body, {
    now: wholeSeconds(exchange),
    clockskew: exchange.kdc.clockskew,
    maxLife,
    maxRenewableLife,
    latestEnd: Math.min(part.endtime.getTime(), subject.endtime.getTime()),
    latestRenewTill: policies.some(({ disallowRenewable }) => disallowRenewable)
      ? undefined
      : renewalEnd(part, subject),
  });
  const flags = ticketFlags({
    kdcOptions:
      grantableOptions(body.kdcOptions, part.flags) & ~(behalf?.withheld ?? 0) & ~withheldFrom(user),
    // What does not stand the check is refused.
    earned: TRANSITED_POLICY_CHECKED,
    header: subject.flags,
    renewable: renewTill !== undefined,
    policies,
    server: server.policy,
  });
  return { flags, starttime, endtime, renewTill };
}

/**
 * When the renewable life of the underlying tickets ends, in milliseconds; undefined if one of the two is not
 * renewable.
 */
function renewalEnd(one: Subject, other: Subject): number | undefined {
  if (!(one.flags & other.flags & RENEWABLE) || !one.renewTill || !other.renewTill) return undefined;
  return Math.min(one.renewTill.getTime(), other.renewTill.getTime());
}

/** The realms on the path to this ticket (RFC 4120 §3.3.3.2). */
function transitedOf(
  { kdc }: Exchange,
  { realm, kdcOptions }: KdcReqBody,
  { header, behalf }: Pick<TgsParties, 'header' | 'behalf'>,
): EncTicketPart['transited'] {
  const { part, issuer } = behalf?.way ?? { part: header.part, issuer: header.server.principal.realm };
  if (issuer === realm) return (behalf?.subject ?? header.part).transited;
  return transitedBy({ part, issuer, realm }, kdc.database.realm(realm)!, kdcOptions);
}
