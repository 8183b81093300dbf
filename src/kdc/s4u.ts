import {
  KDC_ERR_BADOPTION,
  KDC_ERR_C_PRINCIPAL_UNKNOWN,
  KDC_ERR_CLIENT_NAME_MISMATCH,
  KRB_AP_ERR_BADMATCH,
} from '../messages/error-codes.ts';
import {
  CNAME_IN_ADDL_TKT,
  ENC_TKT_IN_SKEY,
  FORWARDABLE,
  FORWARDED,
  PROXY,
  RENEW,
  VALIDATE,
} from '../messages/flags.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { type Principal, samePrincipal, toPrincipal, toPrincipalName } from '../messages/principal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import type { PaData } from '../messages/types.ts';
import { admitClient } from './admission.ts';
import { findClient, findClientOfCertificate } from './client-names.ts';
import type { PrincipalEntry } from './database.ts';
import type { Exchange } from './exchange.ts';
import type { OpenedTicket } from './open-ticket.ts';
import type { PacContents } from './pac/contents.ts';
import { refuse } from './refusal.ts';
import { openEvidence } from './s4u/proxy.ts';
import { forForeignService, forForeignUser, forPassingUser } from './s4u/realms.ts';
import { type RequestedUser, requestedUser } from './s4u/user.ts';
import type { TgsHeader } from './tgs-header.ts';
import { NO_TRANSIT } from './transited.ts';

/** The client of a new ticket, and what the ticket takes over from an older one. */
export type Subject = Pick<
  EncTicketPart,
  | 'flags'
  | 'crealm'
  | 'cname'
  | 'transited'
  | 'authtime'
  | 'endtime'
  | 'renewTill'
  | 'caddr'
  | 'authorizationData'
>;

/** A request in another principal's name. */
export interface Behalf {
  readonly subject: Subject;
  /** The user's entry; undefined for a user of another realm. */
  readonly client: PrincipalEntry | undefined;
  /** The service that asks. */
  readonly requester: Principal;
  /** The ticket that proves the user's request (S4U2Proxy); undefined where the service merely claims it (S4U2Self). */
  readonly evidence: OpenedTicket | undefined;
  /** The contents of the PAC, if they are not those of the evidence or of a user of this realm. */
  readonly said?: PacContents | undefined;
  /** The ticket whose path to this realm counts, and the realm that issued it, if it is not the one presented. */
  readonly way?: { readonly part: EncTicketPart; readonly issuer: string } | undefined;
  /** The KDC options that the ticket must not be granted. */
  readonly withheld: number;
  /** Padata for the reply, and for its sealed part. */
  readonly padata: readonly PaData[];
  readonly encryptedPaData: readonly PaData[] | undefined;
}

export interface BehalfRequest {
  readonly header: TgsHeader;
  readonly body: KdcReqBody;
  readonly padata: readonly PaData[];
  /** The requested service. */
  readonly server: PrincipalEntry;
}

/** Options that make no sense in a request in another principal's name. */
const NOT_TOGETHER = FORWARDED | PROXY | RENEW | VALIDATE | ENC_TKT_IN_SKEY;

/** In whose name the client of a ticket-granting ticket asks, if not in its own (MS-SFU 3.2.5). Throws `Refusal`. */
export function findBehalf(exchange: Exchange, request: BehalfRequest): Behalf | undefined {
  const { header, body, padata } = request;
  if (body.kdcOptions & CNAME_IN_ADDL_TKT) {
    // Evidence that another realm has processed comes with a ticket of that realm.
    const isForeign = header.server.principal.realm !== body.realm && header.part.crealm !== body.realm;
    return openEvidence(exchange, request, isForeign ? undefined : requesterOf(exchange, request));
  }
  const user = requestedUser(padata, body.nonce, header);
  return user && forUser(exchange, user, request);
}

/** S4U2Self: a ticket for the service itself in the name of a user who has authenticated by other means. */
function forUser(exchange: Exchange, user: RequestedUser, request: BehalfRequest): Behalf {
  const { header, server, body } = request;
  if (body.kdcOptions & NOT_TOGETHER) refuse(KDC_ERR_BADOPTION, 'INVALID_S4U2SELF_OPTIONS');
  if (header.part.crealm !== body.realm) {
    const isOurs = user.name === undefined || user.name.realm === body.realm;
    return isOurs
      ? forForeignService(exchange, findUser(exchange, user, body.realm), user, request)
      : forPassingUser(exchange, user, request);
  }
  if (header.server.principal.realm !== body.realm) return forForeignUser(exchange, user, request);
  const requester = requesterOf(exchange, request);
  if (!samePrincipal(requester.principal, server.principal)) {
    refuse(KRB_AP_ERR_BADMATCH, 'INVALID_S4U2SELF_REQUEST_SERVER_MISMATCH');
  }
  const client = findUser(exchange, user, body.realm);
  // The user's password does not matter to the service, and may have expired.
  admitClient(client, exchange.now);
  const { principal, policy } = client;
  const mayGoOn = server.policy.okToAuthAsDelegate && !policy.notDelegated && !policy.disallowForwardable;
  const subject: Subject = {
    ...header.part,
    crealm: principal.realm,
    cname: toPrincipalName(principal),
    transited: NO_TRANSIT,
    caddr: undefined,
    // The presented ticket's authorization data are about the service.
    authorizationData: undefined,
  };
  exchange.behalf = { subject, evidence: undefined };
  return {
    subject,
    client,
    requester: requester.principal,
    evidence: undefined,
    withheld: mayGoOn ? 0 : FORWARDABLE,
    ...user.answer(principal),
  };
}

/**
 * The service that asks, which only its own realm can authenticate; an alias may have been another principal's name.
 */
function requesterOf({ kdc }: Exchange, { header, body }: BehalfRequest): PrincipalEntry {
  const { cname, crealm } = header.part;
  const { realm } = header.server.principal;
  const entry =
    realm === body.realm && crealm === realm ? kdc.database.find(cname.nameString, crealm) : undefined;
  if (entry === undefined) refuse(KDC_ERR_BADOPTION, 'S4U_ACROSS_REALMS');
  if (!samePrincipal(entry.principal, toPrincipal(cname, crealm))) refuse(KDC_ERR_BADOPTION, 'S4U_BY_ALIAS');
  return entry;
}

/** The user by name, by certificate, or by both if both are given. */
function findUser(exchange: Exchange, { name, certificate }: RequestedUser, realm: string): PrincipalEntry {
  const named = name && findClient(exchange, name, realm);
  const certified = certificate && findClientOfCertificate(exchange, certificate, realm);
  if (named && certified && !samePrincipal(named.principal, certified.principal)) {
    refuse(KDC_ERR_CLIENT_NAME_MISMATCH, 'CERTIFICATE_OF_ANOTHER_USER');
  }
  return named ?? certified ?? refuse(KDC_ERR_C_PRINCIPAL_UNKNOWN, 'INVALID_S4U2SELF_REQUEST');
}
