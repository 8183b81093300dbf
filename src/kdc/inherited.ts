import { findPac } from '../ap/pac.ts';
import { PAC_CLIENT_INFO } from '../messages/pac.ts';
import { isTgs } from '../messages/principal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import type { PrincipalDatabase } from './database.ts';
import { vouchedIndicators } from './indicators.ts';
import type { OpenedTicket } from './open-ticket.ts';
import { PAC_SIGNATURES, PacContents } from './pac/contents.ts';
import { verifiedPac } from './pac/signature.ts';

/** What a KDC has stated about the client in a ticket, for tickets derived from it. */
export interface Inherited {
  readonly pac: PacContents | undefined;
  readonly indicators: readonly string[];
}

/** Ticket-granting tickets are presented repeatedly; what they contain is verified once. */
const known = new WeakMap<EncTicketPart, Inherited>();

/**
 * What tickets derived from a presented one inherit. Throws `Refusal` where its PAC was not signed by a KDC, or belongs
 * to another ticket.
 */
export function inheritedFrom(database: PrincipalDatabase, ticket: OpenedTicket): Inherited {
  const before = known.get(ticket.part);
  if (before !== undefined) return before;
  const inherited = inherit(database, ticket);
  known.set(ticket.part, inherited);
  return inherited;
}

function inherit(database: PrincipalDatabase, ticket: OpenedTicket): Inherited {
  const { principal } = ticket.server;
  const bytes = findPac(ticket.part.authorizationData ?? []);
  const buffers = bytes === undefined ? undefined : verifiedPac(database, ticket, bytes);
  // Another realm may state who its client is, but not the client's privileges in this one.
  if (isTgs(principal) && principal.components[1] !== principal.realm) {
    const name = buffers?.filter(({ type }) => type === PAC_CLIENT_INFO);
    return { pac: name && new PacContents(name), indicators: [] };
  }
  const said = buffers?.filter(({ type }) => !PAC_SIGNATURES.includes(type));
  return {
    pac: said && new PacContents(said),
    indicators: vouchedIndicators(database, principal.realm, ticket.part),
  };
}
