import { KerberosError } from '../../errors.ts';
import { KDC_ERR_BADOPTION, KDC_ERR_POLICY, KDC_ERR_SERVER_NOMATCH } from '../../messages/error-codes.ts';
import { ENC_TKT_IN_SKEY, FORWARDABLE, FORWARDED, PROXY, RENEW, VALIDATE } from '../../messages/flags.ts';
import {
  isTgs,
  type Principal,
  parsePrincipal,
  samePrincipal,
  toPrincipal,
} from '../../messages/principal.ts';
import { PA_PAC_OPTIONS, PaPacOptions, RESOURCE_BASED_CONSTRAINED_DELEGATION } from '../../messages/s4u.ts';
import type { PaData } from '../../messages/types.ts';
import { admitHolder } from '../admission.ts';
import type { PrincipalEntry } from '../database.ts';
import type { Exchange } from '../exchange.ts';
import { inheritedFrom } from '../inherited.ts';
import { checkValidated, checkValidity, type OpenedTicket } from '../open-ticket.ts';
import type { PacContents } from '../pac/contents.ts';
import { refuse } from '../refusal.ts';
import type { Behalf, BehalfRequest } from '../s4u.ts';
import { delegated } from '../vouched.ts';
import { onward, openForeignEvidence } from './foreign-evidence.ts';

const NOT_TOGETHER = FORWARDED | PROXY | RENEW | VALIDATE | ENC_TKT_IN_SKEY;

/**
 * S4U2Proxy (MS-SFU 3.2.5.2): a ticket for another service in the name of the client of a ticket for `requester`.
 * Throws `Refusal` unless either service's policy allows it.
 */
export function openEvidence(
  exchange: Exchange,
  request: BehalfRequest,
  requester: PrincipalEntry | undefined,
): Behalf {
  const { body, padata, server, header } = request;
  if (body.kdcOptions & NOT_TOGETHER) refuse(KDC_ERR_BADOPTION, 'INVALID_S4U2PROXY_OPTIONS');
  const bytes = body.additionalTickets?.[0];
  if (bytes === undefined) refuse(KDC_ERR_BADOPTION, 'EVIDENCE_TICKET_MISSING');
  const byResource = asksResource(padata);
  if (requester === undefined) return openAcrossRealms(exchange, request, { bytes, byResource });
  const evidence = exchange.kdc.tickets.open(bytes);
  const { part } = evidence;
  if (!samePrincipal(evidence.server.principal, requester.principal)) {
    refuse(KDC_ERR_SERVER_NOMATCH, 'EVIDENCE_TICKET_MISMATCH');
  }
  exchange.behalf = { subject: part, evidence };
  checkValidity(part, exchange);
  checkValidated(part);
  const client = admitHolder(exchange, part);
  const isForwardable = (part.flags & header.part.flags & FORWARDABLE) !== 0;
  const isReferral = isTgs(server.principal);
  if (isReferral) allowOnward(exchange, request, { evidence, client, byResource });
  else allow({ requester, server, client, evidence }, byResource);
  const { cname, crealm } = header.part;
  return {
    subject: isReferral ? { ...part, cname, crealm, transited: header.part.transited } : part,
    requester: requester.principal,
    client,
    evidence,
    said: isReferral ? saidOnward(exchange, request, { evidence, requester }) : undefined,
    withheld: isForwardable ? 0 : FORWARDABLE,
    padata: [],
    encryptedPaData: byResource ? KNOWS_RESOURCES : undefined,
  };
}

/** In the realm of the target service, for a service of another realm that the target's own policy allows. */
function openAcrossRealms(
  exchange: Exchange,
  request: BehalfRequest,
  { bytes, byResource }: { readonly bytes: Uint8Array; readonly byResource: boolean },
): Behalf {
  const { server } = request;
  const opened = openForeignEvidence(exchange, bytes, request);
  const { client, requester, subject, evidence } = opened;
  exchange.behalf = { subject, evidence };
  if (client?.policy.notDelegated || client?.policy.disallowForwardable) {
    refuse(KDC_ERR_BADOPTION, 'CLIENT_NOT_DELEGATED');
  }
  const { acceptsDelegationFrom = [] } = server.policy;
  const allowed = names(acceptsDelegationFrom, { principal: requester, policy: {} }, server.principal.realm);
  if (!byResource || isTgs(server.principal) || !allowed) {
    refuse(KDC_ERR_BADOPTION, 'NOT_ALLOWED_TO_DELEGATE');
  }
  return { ...opened, withheld: 0, padata: [], encryptedPaData: KNOWS_RESOURCES };
}

/** Whether another realm, whose service is to decide, may be told of the user. */
function allowOnward(
  { kdc }: Exchange,
  { body, server }: BehalfRequest,
  {
    evidence,
    client,
    byResource,
  }: Pick<Delegating, 'evidence' | 'client'> & { readonly byResource: boolean },
): void {
  const isAsked = body.sname === undefined || isTgs(toPrincipal(body.sname, body.realm));
  if (!byResource || isAsked || server.principal.components[1] === body.realm) {
    refuse(KDC_ERR_POLICY, 'NOT_ALLOWED_TO_DELEGATE');
  }
  if (client?.policy.notDelegated || client?.policy.disallowForwardable) {
    refuse(KDC_ERR_BADOPTION, 'CLIENT_NOT_DELEGATED');
  }
  if (client === undefined && !(evidence.part.flags & FORWARDABLE)) {
    refuse(KDC_ERR_BADOPTION, 'EVIDENCE_TICKET_NOT_FORWARDABLE');
  }
  if (kdc.database.realm(body.realm)?.pac === false) {
    refuse(KDC_ERR_BADOPTION, 'S4U_ACROSS_REALMS_WITHOUT_PAC');
  }
}

function saidOnward(
  { kdc }: Exchange,
  { body }: BehalfRequest,
  { evidence, requester }: Pick<Delegating, 'evidence' | 'requester'>,
): PacContents {
  const { pac } = inheritedFrom(kdc.database, evidence);
  if (pac === undefined) refuse(KDC_ERR_BADOPTION, 'EVIDENCE_TICKET_WITHOUT_PAC');
  return delegated(onward(pac, evidence.part), requester.principal, toPrincipal(body.sname!, body.realm));
}

const KNOWS_RESOURCES: readonly PaData[] = [
  {
    padataType: PA_PAC_OPTIONS,
    padataValue: PaPacOptions.encode({ flags: RESOURCE_BASED_CONSTRAINED_DELEGATION }),
  },
];

/** Whether the requesting service knows of delegation that the target allows. */
function asksResource(padata: readonly PaData[]): boolean {
  const sent = padata.find(({ padataType }) => padataType === PA_PAC_OPTIONS);
  if (sent === undefined) return false;
  return (PaPacOptions.decode(sent.padataValue).flags & RESOURCE_BASED_CONSTRAINED_DELEGATION) !== 0;
}

interface Delegating {
  readonly requester: PrincipalEntry;
  readonly server: PrincipalEntry;
  readonly client: PrincipalEntry | undefined;
  readonly evidence: OpenedTicket;
}

function allow({ requester, server, client, evidence }: Delegating, byResource: boolean): void {
  if (client?.policy.notDelegated || client?.policy.disallowForwardable) {
    refuse(KDC_ERR_BADOPTION, 'CLIENT_NOT_DELEGATED');
  }
  const { realm } = server.principal;
  const { delegatesTo = [] } = requester.policy;
  const isForwardable = (evidence.part.flags & FORWARDABLE) !== 0;
  const mayGo = names(delegatesTo, server, requester.principal.realm);
  if (mayGo && isForwardable) return;
  // For a user of another realm, only the flag tells whether delegation is allowed.
  const mayBe = isForwardable || client !== undefined;
  const { acceptsDelegationFrom = [] } = server.policy;
  if (byResource && mayBe && names(acceptsDelegationFrom, requester, realm)) return;
  refuse(KDC_ERR_BADOPTION, mayGo ? 'EVIDENCE_TICKET_NOT_FORWARDABLE' : 'NOT_ALLOWED_TO_DELEGATE');
}

/** Whether a list names a principal, by its name or an alias. */
function names(
  list: readonly string[],
  { principal, policy }: Pick<PrincipalEntry, 'principal' | 'policy'>,
  realm: string,
): boolean {
  const others = (policy.aliases ?? []).map(alias => named(alias, principal.realm));
  return list.some(text => {
    const wanted = named(text, realm);
    return wanted !== undefined && [principal, ...others].some(name => name && samePrincipal(name, wanted));
  });
}

function named(text: string, defaultRealm: string): Principal | undefined {
  try {
    return parsePrincipal(text, { defaultRealm });
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}
