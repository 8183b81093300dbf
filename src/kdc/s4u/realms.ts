import { findPac } from '../../ap/pac.ts';
import { KerberosError } from '../../errors.ts';
import {
  KDC_ERR_BADOPTION,
  KDC_ERR_POLICY,
  KDC_ERR_SERVER_NOMATCH,
  KRB_AP_ERR_BADMATCH,
} from '../../messages/error-codes.ts';
import { FORWARDABLE } from '../../messages/flags.ts';
import { decodePac, PAC_CLIENT_INFO, PAC_DELEGATION_INFO } from '../../messages/pac.ts';
import { decodeDelegationInfo } from '../../messages/pac-delegation.ts';
import { encodeClientInfo, type PacPart } from '../../messages/pac-writer.ts';
import {
  formatPrincipal,
  isTgs,
  type Principal,
  parsePrincipal,
  samePrincipal,
  toPrincipal,
  toPrincipalName,
} from '../../messages/principal.ts';
import { admitClient, admitHolder } from '../admission.ts';
import type { PrincipalDatabase, PrincipalEntry } from '../database.ts';
import type { Exchange } from '../exchange.ts';
import { checkValidated, checkValidity, type OpenedTicket } from '../open-ticket.ts';
import { clientPac } from '../pac/client.ts';
import { PacContents } from '../pac/contents.ts';
import { verifiedPac } from '../pac/signature.ts';
import type { RealmPolicy } from '../policy.ts';
import { nearestRealm } from '../referral.ts';
import { refuse } from '../refusal.ts';
import type { Behalf, BehalfRequest } from '../s4u.ts';
import { NO_TRANSIT, transitedBy } from '../transited.ts';
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

/**
 * S4U2Proxy in the target service's realm, with a ticket that the requesting service's realm has made of the evidence
 * (MS-SFU 3.2.5.2); the caller checks whether it is allowed.
 */
export function openForeignEvidence(
  exchange: Exchange,
  bytes: Uint8Array,
  { header, body }: BehalfRequest,
): Pick<Behalf, 'subject' | 'client' | 'evidence' | 'requester' | 'said' | 'way'> {
  const evidence = exchange.kdc.tickets.open(bytes);
  const { part } = evidence;
  const { principal: issuing } = evidence.server;
  const requester = toPrincipal(header.part.cname, header.part.crealm);
  const isReferral = isTgs(issuing) && issuing.components[1] === body.realm && issuing.realm !== body.realm;
  if (!isReferral || !samePrincipal(toPrincipal(part.cname, part.crealm), requester)) {
    refuse(KDC_ERR_SERVER_NOMATCH, 'EVIDENCE_TICKET_MISMATCH');
  }
  checkValidity(part, exchange);
  checkValidated(part);
  const { user, pac } = toldUser(exchange.kdc.database, evidence);
  const info = pac.find(PAC_DELEGATION_INFO);
  const delegation = info && decodeDelegationInfo(info);
  const target = body.sname && formatPrincipal(toPrincipal(body.sname, body.realm), { realm: false });
  const isForThis =
    delegation !== undefined &&
    delegation.proxyTarget === target &&
    delegation.transitedServices.at(-1) === formatPrincipal(requester);
  if (!isForThis) refuse(KDC_ERR_BADOPTION, 'EVIDENCE_TICKET_FOR_ANOTHER_SERVICE');
  const named = { cname: toPrincipalName(user), crealm: user.realm };
  const client = admitForeign(exchange, { ...part, ...named }, body.realm);
  const subject = { ...part, ...named };
  return {
    subject,
    client,
    requester,
    evidence,
    said: new PacContents([clientInfo(user, part.authtime), { type: PAC_DELEGATION_INFO, data: info! }]),
    way: { part: subject, issuer: issuing.realm },
  };
}

/** What the target's realm is told of the user: everything in the PAC, with the user's realm added. */
export function onward(pac: PacContents, { cname, crealm, authtime }: OpenedTicket['part']): PacContents {
  return pac.with(clientInfo(toPrincipal(cname, crealm), authtime, { withRealm: true }));
}

const WITHOUT_USER = 'S4U_ACROSS_REALMS_WITHOUT_USER';

/** The user named in the PAC of another realm's ticket, and the contents of the PAC. Throws `Refusal`. */
function toldUser(
  database: PrincipalDatabase,
  ticket: OpenedTicket,
): { readonly user: Principal; readonly pac: PacContents } {
  const bytes = findPac(ticket.part.authorizationData ?? []);
  if (bytes === undefined) refuse(KDC_ERR_BADOPTION, 'S4U_ACROSS_REALMS_WITHOUT_PAC');
  const name = decodePac(bytes).clientInfo?.name ?? '';
  // Some realms have clients with an `@` in their names, which their PACs contain unquoted.
  if (name === ticket.part.cname.nameString.join('/')) refuse(KDC_ERR_BADOPTION, WITHOUT_USER);
  const user = userIn(name);
  return { user, pac: new PacContents(verifiedPac(database, ticket, bytes, user)) };
}

function userIn(text: string): Principal {
  try {
    const user = parsePrincipal(text, { defaultRealm: '' });
    if (user.realm !== '') return user;
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
  }
  refuse(KDC_ERR_BADOPTION, WITHOUT_USER);
}

/** A user of another realm, whose entry is known if this KDC serves that realm as well. */
function admitForeign(
  exchange: Exchange,
  part: OpenedTicket['part'],
  realm: string,
): PrincipalEntry | undefined {
  if (part.crealm === realm) refuse(KDC_ERR_POLICY, 'OWN_CLIENT_FROM_ANOTHER_REALM');
  return admitHolder(exchange, part);
}

function clientInfo(user: Principal, authtime: Date, { withRealm = false } = {}): PacPart {
  return {
    type: PAC_CLIENT_INFO,
    data: encodeClientInfo(formatPrincipal(user, { realm: withRealm }), authtime),
  };
}
