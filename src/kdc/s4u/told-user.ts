import { findPac } from '../../ap/pac.ts';
import { KerberosError } from '../../errors.ts';
import { KDC_ERR_BADOPTION, KDC_ERR_POLICY } from '../../messages/error-codes.ts';
import { decodePac, PAC_CLIENT_INFO } from '../../messages/pac.ts';
import { encodeClientInfo, type PacPart } from '../../messages/pac-writer.ts';
import { formatPrincipal, type Principal, parsePrincipal } from '../../messages/principal.ts';
import { admitHolder } from '../admission.ts';
import type { PrincipalDatabase, PrincipalEntry } from '../database.ts';
import type { Exchange } from '../exchange.ts';
import type { OpenedTicket } from '../open-ticket.ts';
import { PacContents } from '../pac/contents.ts';
import { verifiedPac } from '../pac/signature.ts';
import { refuse } from '../refusal.ts';

const WITHOUT_USER = 'S4U_ACROSS_REALMS_WITHOUT_USER';

/** The user named in the PAC of another realm's ticket, and the contents of the PAC. Throws `Refusal`. */
export function toldUser(
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
export function admitForeign(
  exchange: Exchange,
  part: OpenedTicket['part'],
  realm: string,
): PrincipalEntry | undefined {
  if (part.crealm === realm) refuse(KDC_ERR_POLICY, 'OWN_CLIENT_FROM_ANOTHER_REALM');
  return admitHolder(exchange, part);
}

/** PAC_CLIENT_INFO of a ticket about a user (MS-PAC 2.7). */
export function clientInfo(user: Principal, authtime: Date, { withRealm = false } = {}): PacPart {
  return {
    type: PAC_CLIENT_INFO,
    data: encodeClientInfo(formatPrincipal(user, { realm: withRealm }), authtime),
  };
}
