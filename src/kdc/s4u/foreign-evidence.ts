import { KDC_ERR_BADOPTION, KDC_ERR_SERVER_NOMATCH } from '../../messages/error-codes.ts';
import { PAC_DELEGATION_INFO } from '../../messages/pac.ts';
import { decodeDelegationInfo } from '../../messages/pac-delegation.ts';
import {
  formatPrincipal,
  isTgs,
  type Principal,
  samePrincipal,
  toPrincipal,
  toPrincipalName,
} from '../../messages/principal.ts';
import type { Exchange } from '../exchange.ts';
import { checkValidated, checkValidity, type OpenedTicket } from '../open-ticket.ts';
import { PacContents } from '../pac/contents.ts';
import { refuse } from '../refusal.ts';
import type { Behalf, BehalfRequest } from '../s4u.ts';
import { admitForeign, clientInfo, toldUser } from './told-user.ts';

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
  const target = body.sname && formatPrincipal(toPrincipal(body.sname, body.realm), { realm: false });
  if (info === undefined || !isDelegation(info, requester, target))
    refuse(KDC_ERR_BADOPTION, 'EVIDENCE_TICKET_FOR_ANOTHER_SERVICE');
  const named = { cname: toPrincipalName(user), crealm: user.realm };
  const client = admitForeign(exchange, { ...part, ...named }, body.realm);
  const subject = { ...part, ...named };
  return {
    subject,
    client,
    requester,
    evidence,
    said: new PacContents([clientInfo(user, part.authtime), { type: PAC_DELEGATION_INFO, data: info }]),
    way: { part: subject, issuer: issuing.realm },
  };
}

/** Whether the PAC names `requester` as the last service that delegated, and `target` as the one to delegate to. */
function isDelegation(info: Uint8Array, requester: Principal, target: string | undefined): boolean {
  const { proxyTarget, transitedServices } = decodeDelegationInfo(info);
  return proxyTarget === target && transitedServices.at(-1) === formatPrincipal(requester);
}

/** What the target's realm is told of the user: everything in the PAC, with the user's realm added. */
export function onward(pac: PacContents, { cname, crealm, authtime }: OpenedTicket['part']): PacContents {
  return pac.with(clientInfo(toPrincipal(cname, crealm), authtime, { withRealm: true }));
}
