import { KDC_ERR_BADOPTION, KRB_AP_ERR_BADMATCH } from '../../messages/error-codes.ts';
import { FORWARDABLE } from '../../messages/flags.ts';
import { type Principal, samePrincipal, toPrincipal, toPrincipalName } from '../../messages/principal.ts';
import { admitClient } from '../admission.ts';
import type { PrincipalEntry } from '../database.ts';
import type { Exchange } from '../exchange.ts';
import type { OpenedTicket } from '../open-ticket.ts';
import { clientPac } from '../pac/client.ts';
import { PacContents } from '../pac/contents.ts';
import type { RealmPolicy } from '../policy.ts';
import { nearestRealm } from '../referral.ts';
import { refuse } from '../refusal.ts';
import type { Behalf, BehalfRequest } from '../s4u.ts';
import { NO_TRANSIT, transitedBy } from '../transited.ts';
import { admitForeign, clientInfo, toldUser } from './told-user.ts';
import type { RequestedUser } from './user.ts';

// To tell another realm in whose name a service asks, a realm issues a ticket-granting ticket to the service, with a
// PAC that names the user and the user's realm. Such a ticket is of no other use: its PAC does not belong to its
// client. Its transited field is about the user, who may come through intermediate realms.

/** S4U2Self in the user's realm, for a service of the realm that is referred to (MS-SFU 3.2.5.1.1). */
export function forForeignService(
  exchange: Exchange,
  client: PrincipalEntry,
  user: RequestedUser,
  { header, server, body }: BehalfRequest,
): Behalf {
  const { cname, crealm, authtime } = header.part;
  const issuer = header.server.principal.realm;
  const realm = checkReferral(exchange, { header, server, body });
  transitedBy({ part: header.part, issuer, realm: body.realm }, realm, body.kdcOptions);
  admitClient(client, exchange.now);
  const { principal, policy } = client;
  const facts = { client: principal, authtime, requested: false, forService: true, withRealm: true };
  const subject = {
    ...header.part,
    transited: NO_TRANSIT,
    caddr: undefined,
    authorizationData: undefined,
  };
  exchange.behalf = { subject, evidence: undefined };
  return {
    subject,
    client,
    requester: toPrincipal(cname, crealm),
    evidence: undefined,
    said: clientPac(client, realm, facts),
    way: { part: subject, issuer: body.realm },
    withheld: policy.notDelegated || policy.disallowForwardable ? FORWARDABLE : 0,
    ...user.answer(principal),
  };
}

/** S4U2Self in an intermediate realm, which passes on what the user's realm has stated. */
export function forPassingUser(exchange: Exchange, user: RequestedUser, request: BehalfRequest): Behalf {
  const { header } = request;
  const { part } = header;
  checkReferral(exchange, request);
  const { name, client, users } = admitTold(exchange, user, request);
  const subject = { ...part, caddr: undefined, authorizationData: undefined };
  exchange.behalf = { subject, evidence: undefined };
  return {
    subject,
    client,
    requester: toPrincipal(part.cname, part.crealm),
    evidence: undefined,
    said: new PacContents([clientInfo(name, part.authtime, { withRealm: true })]),
    way: { part: users, issuer: header.server.principal.realm },
    withheld: client?.policy.notDelegated || client?.policy.disallowForwardable ? FORWARDABLE : 0,
    ...user.answer(name),
  };
}

/** S4U2Self in the service's realm, after the user's realm has stated who the user is. */
export function forForeignUser(exchange: Exchange, user: RequestedUser, request: BehalfRequest): Behalf {
  const { header, server } = request;
  const { part } = header;
  const requester = toPrincipal(part.cname, part.crealm);
  if (!samePrincipal(requester, server.principal)) {
    refuse(KRB_AP_ERR_BADMATCH, 'INVALID_S4U2SELF_REQUEST_SERVER_MISMATCH');
  }
  const { name, client, users } = admitTold(exchange, user, request);
  const subject = { ...users, caddr: undefined, authorizationData: undefined };
  exchange.behalf = { subject, evidence: undefined };
  return {
    subject,
    client,
    requester,
    evidence: undefined,
    said: new PacContents([clientInfo(name, part.authtime)]),
    way: { part: users, issuer: header.server.principal.realm },
    withheld: server.policy.okToAuthAsDelegate ? 0 : FORWARDABLE,
    ...user.answer(name),
  };
}

/**
 * Whether a statement about a user may go to the service's realm, and whether there is a PAC for it; returns the
 * realm's policy.
 */
function checkReferral(
  { kdc }: Exchange,
  { header, server, body }: Pick<BehalfRequest, 'header' | 'server' | 'body'>,
): RealmPolicy {
  // Tickets issued here are about their own client, under whatever name, and never about a user of another realm.
  if (header.server.principal.realm === body.realm) refuse(KDC_ERR_BADOPTION, 'S4U_ACROSS_REALMS');
  const onward = nearestRealm(kdc.database, body.realm, header.part.crealm);
  if (onward === undefined || !samePrincipal(onward.principal, server.principal)) {
    refuse(KRB_AP_ERR_BADMATCH, 'INVALID_S4U2SELF_REQUEST_SERVER_MISMATCH');
  }
  const realm = kdc.database.realm(body.realm)!;
  if (realm.pac === false) refuse(KDC_ERR_BADOPTION, 'S4U_ACROSS_REALMS_WITHOUT_PAC');
  return realm;
}

interface ToldUser {
  readonly name: Principal;
  /** The user's entry, if this KDC serves that realm as well. */
  readonly client: PrincipalEntry | undefined;
  /** The presented ticket as if it were the user's. */
  readonly users: OpenedTicket['part'];
}

/** The user whom the presented ticket is about, who must be the requested one. Throws `Refusal`. */
function admitTold(
  exchange: Exchange,
  { name }: RequestedUser,
  { header, body }: Pick<BehalfRequest, 'header' | 'body'>,
): ToldUser {
  const told = toldUser(exchange.kdc.database, header);
  if (name === undefined || !samePrincipal(told.user, name)) {
    refuse(KDC_ERR_BADOPTION, 'INVALID_S4U2SELF_CLIENT_MISMATCH');
  }
  const users = { ...header.part, cname: toPrincipalName(name), crealm: name.realm };
  return { name, client: admitForeign(exchange, users, body.realm), users };
}
