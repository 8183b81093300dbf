import type { Key } from '../crypto/key.ts';
import { KDC_ERR_BADOPTION } from '../messages/error-codes.ts';
import { ANONYMOUS } from '../messages/flags.ts';
import { PA_PAC_REQUEST } from '../messages/numbers.ts';
import { PAC_DELEGATION_INFO } from '../messages/pac.ts';
import { decodeDelegationInfo, encodeDelegationInfo } from '../messages/pac-delegation.ts';
import { PaPacRequest } from '../messages/preauth-data.ts';
import { formatPrincipal, isTgs, type Principal, toPrincipal } from '../messages/principal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import { encodeTicketFields, encodeTicketPart } from '../messages/ticket-part.ts';
import type { PaData } from '../messages/types.ts';
import type { PrincipalDatabase, PrincipalEntry } from './database.ts';
import { checkIndicators, earnedIndicators, signIndicators } from './indicators.ts';
import { type Inherited, inheritedFrom } from './inherited.ts';
import { type KdcKey, kdcKey } from './kdc-keys.ts';
import type { OpenedTicket } from './open-ticket.ts';
import { clientPac } from './pac/client.ts';
import type { PacContents } from './pac/contents.ts';
import { signPac } from './pac/signature.ts';
import { refuse } from './refusal.ts';

/** The KDC's own statements about the client in a ticket for `server`, and the key that signs them. */
export interface Vouched {
  readonly server: Principal;
  readonly pac: PacContents | undefined;
  readonly indicators: readonly string[];
  readonly kdc: KdcKey;
}

interface ClientFacts {
  readonly client: PrincipalEntry;
  readonly server: PrincipalEntry;
  readonly padata: readonly PaData[];
  /** The type of the padata with which the client has authenticated, if any. */
  readonly provedBy: number | undefined;
}

/** The statements for a ticket of the AS exchange. Throws `Refusal` if the service demands more of its clients. */
export function vouchForClient(
  database: PrincipalDatabase,
  part: EncTicketPart,
  { client, server, padata, provedBy }: ClientFacts,
): Vouched | undefined {
  const { realm } = client.principal;
  const policy = database.realm(realm)!;
  const anonymous = (part.flags & ANONYMOUS) !== 0;
  const indicators = anonymous ? [] : earnedIndicators(policy, provedBy);
  checkIndicators(server.policy, indicators);
  const request = padata.find(({ padataType }) => padataType === PA_PAC_REQUEST);
  const requested = request && PaPacRequest.decode(request.padataValue).includePac;
  const pac =
    requested === false || anonymous
      ? undefined
      : clientPac(client, policy, {
          client: toPrincipal(part.cname, part.crealm),
          authtime: part.authtime,
          requested: requested === true,
        });
  return vouched(database, [server], { pac, indicators });
}

interface TgsFacts {
  readonly ticket: OpenedTicket;
  readonly server: PrincipalEntry;
  readonly behalf?: Behalf | undefined;
}

/** A service that asks in another's name (MS-SFU), with that client's ticket or for a client of the realm. */
interface Behalf {
  readonly requester: Principal;
  readonly evidence: OpenedTicket | undefined;
  readonly client: PrincipalEntry | undefined;
  /** The statement that is made across realms. */
  readonly said?: PacContents | undefined;
}

/** The statements for a ticket derived from another. Throws `Refusal`, also if a PAC in it was not signed by a KDC. */
export function vouchForTicket(
  database: PrincipalDatabase,
  part: EncTicketPart,
  { ticket, server, behalf }: TgsFacts,
): Vouched | undefined {
  const inherited = inheritedBy(database, part, { ticket, server, behalf });
  checkIndicators(server.policy, inherited.indicators);
  return vouched(database, [server, ticket.server], inherited);
}

function inheritedBy(
  database: PrincipalDatabase,
  part: EncTicketPart,
  { ticket, server, behalf }: TgsFacts,
): Inherited {
  if (behalf?.said !== undefined) return { pac: behalf.said, indicators: [] };
  const presented = inheritedFrom(database, ticket);
  return behalf === undefined ? presented : onBehalf(database, part, { presented, server, behalf });
}

function onBehalf(
  database: PrincipalDatabase,
  part: EncTicketPart,
  { presented, server, behalf }: { presented: Inherited; server: PrincipalEntry; behalf: Behalf },
): Inherited {
  const { requester, evidence, client } = behalf;
  if (evidence !== undefined) {
    const { pac, indicators } = inheritedFrom(database, evidence);
    // Without the KDC's signature, the service could have made the PAC itself, with its own key.
    if (pac === undefined) refuse(KDC_ERR_BADOPTION, 'EVIDENCE_TICKET_WITHOUT_PAC');
    return { pac: delegated(pac, requester, server.principal), indicators };
  }
  // The client has not authenticated to the KDC.
  if (presented.pac === undefined || client === undefined) return { pac: undefined, indicators: [] };
  const realm = database.realm(client.principal.realm)!;
  const facts = { client: client.principal, authtime: part.authtime, requested: false, forService: true };
  return { pac: clientPac(client, realm, facts), indicators: [] };
}

/** The same PAC, recording that the previous services have delegated it. */
export function delegated(pac: PacContents, through: Principal, target: Principal): PacContents {
  const before = pac.find(PAC_DELEGATION_INFO);
  const transitedServices = before === undefined ? [] : decodeDelegationInfo(before).transitedServices;
  const data = encodeDelegationInfo({
    proxyTarget: formatPrincipal(target, { realm: false }),
    transitedServices: [...transitedServices, formatPrincipal(through)],
  });
  return pac.with({ type: PAC_DELEGATION_INFO, data });
}

/** The statements for the first of the given entries. */
function vouched(
  database: PrincipalDatabase,
  entries: readonly [PrincipalEntry, ...PrincipalEntry[]],
  { pac, indicators }: Inherited,
): Vouched | undefined {
  const [{ principal, policy }] = entries;
  const realm = database.realm(principal.realm);
  if (policy.noPac || realm === undefined) return undefined;
  const wanted = realm.pac === false ? undefined : pac;
  if (wanted === undefined && indicators.length === 0) return undefined;
  return {
    server: principal,
    pac: isTgs(principal) ? wanted : wanted?.forService(),
    indicators,
    kdc: kdcKey(database, principal.realm, entries),
  };
}

/**
 * The DER of a ticket with the KDC's statements, the PAC first and the indicators last, signed with the ticket's `key`;
 * valid until the next is made.
 */
export function signedPart(part: EncTicketPart, key: Key, vouched: Vouched): Uint8Array {
  const { pac, indicators, kdc, server } = vouched;
  const fields = encodeTicketFields(part);
  const others = [...(part.authorizationData ?? [])];
  if (indicators.length > 0) others.push(signIndicators(indicators, { key, kdc, fields }));
  if (pac === undefined) return encodeTicketPart(fields, { others });
  return encodeTicketPart(fields, {
    pac: signPac(pac, { key, kdcKey: kdc.key, server, fields, others }),
    others,
  });
}
