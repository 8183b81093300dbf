import { findPac } from '../ap/pac.ts';
import { PAC_CLIENT_INFO } from '../messages/pac.ts';
import { isTgs } from '../messages/principal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import type { PrincipalDatabase } from './database.ts';
import { vouchedIndicators } from './indicators.ts';
import type { OpenedTicket } from './open-ticket.ts';
import { PAC_SIGNATURES, PacContents } from './pac/contents.ts';
import { verifiedPac } from './pac/signature.ts';

/** What a KDC has said of the client in a ticket, for those that rest on it. */
export interface Inherited {
  readonly pac: PacContents | undefined;
  readonly indicators: readonly string[];
}

/** A ticket-granting ticket is presented again and again; what it hands down has to be verified once. */
const known = new WeakMap<EncTicketPart, Inherited>();

/** What a ticket that was presented hands down. Throws `Refusal` where its PAC is not of a KDC, or of another ticket. */
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
  // Another realm may say who its client is, but not what that client is in this one.
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
