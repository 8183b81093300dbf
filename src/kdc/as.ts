import { pooledCopy } from '../codec/pooled.ts';
import { makeChecksum } from '../crypto/checksum.ts';
import { type Key, randomKey } from '../crypto/key.ts';
import { ANONYMOUS_REALM, isAnonymous } from '../messages/anonymous.ts';
import {
  KDC_ERR_BADOPTION,
  KDC_ERR_C_PRINCIPAL_UNKNOWN,
  KDC_ERR_CANNOT_POSTDATE,
  KDC_ERR_MUST_USE_USER2USER,
  KDC_ERR_POLICY,
  KDC_ERR_S_PRINCIPAL_UNKNOWN,
} from '../messages/error-codes.ts';
import {
  ALLOW_POSTDATE,
  ANONYMOUS,
  CNAME_IN_ADDL_TKT,
  ENC_PA_REP,
  ENC_TKT_IN_SKEY,
  FORWARDED,
  INITIAL,
  POSTDATED,
  PRE_AUTHENT,
  PROXY,
  RENEW,
  REQUEST_ANONYMOUS,
  VALIDATE,
} from '../messages/flags.ts';
import { AsRep, EncAsRepPart } from '../messages/kdc-rep.ts';
import { AsReq, KdcReqBody } from '../messages/kdc-req.ts';
import { KU_AS_REP, KU_AS_REQ_CKSUM, PA_REQ_ENC_PA_REP } from '../messages/numbers.ts';
import { isTgs, toPrincipal } from '../messages/principal.ts';
import { seal, toEncryptionKey } from '../messages/seal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import { Checksum, type PaData, type PrincipalName } from '../messages/types.ts';
import { requestedAddresses } from './addresses.ts';
import { admitClient, admitPassword, admitServer, longestLives } from './admission.ts';
import { hintsOfReply } from './client-hints.ts';
import { findSoughtClient, nameInTicket } from './client-names.ts';
import { currentKeys, type PrincipalEntry } from './database.ts';
import { replyKey, sessionEtype, ticketKey, usableEtypes } from './enctype-choice.ts';
import { type Exchange, wholeSeconds } from './exchange.ts';
import { replyPart, sealTicket } from './issue.ts';
import type { RealmPolicy } from './policy.ts';
import { openArmorTicket } from './preauth/armor-ticket.ts';
import { type ArmorKeyFinder, fastOffer, type InnerRequest, inArmor, openFast } from './preauth/fast.ts';
import { preauthenticate } from './preauth.ts';
import { refuse } from './refusal.ts';
import { ticketFlags, withheldFrom } from './ticket-flags.ts';
import { LATEST, ticketTimes } from './ticket-times.ts';
import { NO_TRANSIT } from './transited.ts';
import { vouchForClient } from './vouched.ts';

/** Options for which a ticket-granting ticket is needed, or that are not supported. */
const NOT_HERE = FORWARDED | PROXY | RENEW | VALIDATE | ENC_TKT_IN_SKEY | CNAME_IN_ADDL_TKT;

/** Answers an AS-REQ (RFC 4120 §3.1.3); throws `Refusal`, or CodecError where it is malformed. */
export function answerAsRequest(exchange: Exchange): Uint8Array {
  const { padata, body, reqBody } = openRequest(exchange);
  const parties = findParties(exchange, body, padata);
  const { client, server, realm } = parties;
  const etypes = usableEtypes(body.etype);
  const session = sessionEtype(server, etypes);
  const ownKey = replyKey(client, etypes);
  exchange.kdc.logins.admit(client, exchange.now);
  exchange.account = client;
  const required =
    parties.anonymous ||
    (client.policy.requiresPreauth ?? realm.requiresPreauth) ||
    (server.policy.requiresPreauth === true && !isTgs(server.principal));
  const request = { exchange, client, etypes, key: ownKey, padata, reqBody };
  const { proof, provedBy } = preauthenticate(request, required);
  if (proof.flags & PRE_AUTHENT) exchange.kdc.logins.succeeded(client);
  const provenKey = proof.replyKey ?? ownKey;
  const key = exchange.fast?.strengthen(provenKey) ?? provenKey;
  const wantsProof = padata.some(({ padataType }) => padataType === PA_REQ_ENC_PA_REP);

  const made = proof.makeSession?.(session);
  const part = newTicket(body, parties, {
    exchange,
    earned: INITIAL | proof.flags | (wantsProof ? ENC_PA_REP : 0) | (parties.anonymous ? ANONYMOUS : 0),
    key: made?.key ?? randomKey(session),
  });
  const facts = { client, server, padata, provedBy };
  const vouched = vouchForClient(exchange.kdc.database, part, facts);
  const sealing = ticketKey(server);
  const reply = replyPart(part, {
    nonce: body.nonce,
    realm: body.realm,
    sname: parties.sname,
    keyExpiration: keyExpiration(client),
    encryptedPaData: wantsProof ? [proofOfRequest(key, exchange.request), fastOffer] : undefined,
  });
  const kvno = currentKeys(server).kvno;
  const ticket = sealTicket(part, { realm: body.realm, sname: parties.sname, key: sealing, kvno, vouched });
  // A key made for this exchange has no version.
  const keyVersion = key === ownKey ? currentKeys(client).kvno : undefined;
  exchange.issued = { authtime: part.authtime, reply: key.etype, ticket: sealing.etype, session };
  const told = [...hintsOfReply(client, key.etype), ...(proof.padata ?? []), ...(made ? [made.padata] : [])];
  const { crealm } = part;
  const outside = inArmor(exchange, told, { crealm, cname: parties.cname, nonce: body.nonce, ticket });
  const rep: AsRep = {
    padata: outside.padata,
    crealm: outside.crealm,
    cname: outside.cname,
    ticket,
    encPart: seal(EncAsRepPart, reply, key, KU_AS_REP, keyVersion),
  };
  return AsRep.lend(rep, pooledCopy);
}

/** The request, taken out of its armor if it has one. */
function openRequest(exchange: Exchange): InnerRequest {
  const { padata = [], reqBody } = AsReq.decode(exchange.request);
  const body = KdcReqBody.decode(reqBody);
  exchange.body = body;
  // Heimdal's clients leave the outer realm empty, so the armor is compared with the inner one.
  let armorRealm: string | undefined;
  const findKey: ArmorKeyFinder = armor => {
    const { key, realm } = openArmorTicket(exchange, armor);
    armorRealm = realm;
    return key;
  };
  const inner = openFast(exchange, { padata, body, reqBody }, { bound: reqBody, findKey });
  if (armorRealm !== undefined && armorRealm !== inner.body.realm)
    refuse(KDC_ERR_POLICY, 'ARMOR_TICKET_NOT_A_TGT');
  return inner;
}

interface Parties {
  readonly cname: PrincipalName;
  readonly sname: PrincipalName;
  readonly client: PrincipalEntry;
  readonly server: PrincipalEntry;
  readonly realm: RealmPolicy;
  /** Whether the client asks for an anonymous ticket without a name of its own (RFC 8062). */
  readonly anonymous: boolean;
}

/** The client and the service of a request, if the AS exchange may issue a ticket for them. */
function findParties(exchange: Exchange, body: KdcReqBody, padata: readonly PaData[]): Parties {
  const { database } = exchange.kdc;
  const { sname, kdcOptions } = body;
  if (body.cname === undefined) refuse(KDC_ERR_C_PRINCIPAL_UNKNOWN, 'NULL_CLIENT');
  exchange.client = toPrincipal(body.cname, body.realm);
  if (sname === undefined) refuse(KDC_ERR_S_PRINCIPAL_UNKNOWN, 'NULL_SERVER');
  const realm = database.realm(body.realm);
  if (realm === undefined) refuse(KDC_ERR_C_PRINCIPAL_UNKNOWN, 'CLIENT_NOT_FOUND');
  const client = findSoughtClient(exchange, exchange.client, padata);
  const cname = nameInTicket(exchange, { ...body, cname: body.cname }, client);
  const server = database.find(sname.nameString, body.realm);
  if (server === undefined) refuse(KDC_ERR_S_PRINCIPAL_UNKNOWN, 'SERVER_NOT_FOUND');
  const anonymous = isAnonymous(exchange.client);
  const asksAnonymous = (kdcOptions & REQUEST_ANONYMOUS) !== 0;
  // A client that has a name gets tickets in that name only.
  if (kdcOptions & NOT_HERE || asksAnonymous !== anonymous) refuse(KDC_ERR_BADOPTION, 'INVALID_AS_OPTIONS');
  admitClient(client, exchange.now);
  admitPassword(client, server, exchange.now);
  admitServer(server, exchange.now);
  if (server.policy.disallowServer) refuse(KDC_ERR_MUST_USE_USER2USER, 'SERVICE_NOT_ALLOWED');
  const postdating = client.policy.disallowPostdated || server.policy.disallowPostdated;
  if (kdcOptions & (ALLOW_POSTDATE | POSTDATED) && postdating)
    refuse(KDC_ERR_CANNOT_POSTDATE, 'POSTDATE_NOT_ALLOWED');
  return { cname, sname, client, server, realm, anonymous };
}

interface TicketFacts {
  readonly exchange: Exchange;
  /** The session key. */
  readonly key: Key;
  readonly earned: number;
}

function newTicket(
  body: KdcReqBody,
  { cname, client, server, realm, anonymous }: Parties,
  { exchange, key, earned }: TicketFacts,
): EncTicketPart {
  const policies = [client.policy, server.policy];
  const now = wholeSeconds(exchange);
  const { maxLife, maxRenewableLife } = longestLives(realm, policies);
  const { starttime, endtime, renewTill } = ticketTimes(body, {
    now,
    clockskew: exchange.kdc.clockskew,
    maxLife,
    maxRenewableLife,
    latestEnd: LATEST,
    latestRenewTill: policies.some(({ disallowRenewable }) => disallowRenewable) ? undefined : LATEST,
  });
  return {
    flags: ticketFlags({
      kdcOptions: body.kdcOptions & ~withheldFrom(client.policy),
      earned,
      header: 0,
      renewable: renewTill !== undefined,
      policies,
      server: server.policy,
    }),
    key: toEncryptionKey(key),
    crealm: anonymous ? ANONYMOUS_REALM : body.realm,
    cname,
    transited: NO_TRANSIT,
    authtime: new Date(now),
    starttime,
    endtime,
    renewTill,
    caddr: requestedAddresses(body),
  };
}

/** When the client's key expires: the earlier of the account's and the password's expiration. */
function keyExpiration({ policy: { expiration, passwordExpiration } }: PrincipalEntry): Date | undefined {
  if (expiration === undefined || passwordExpiration === undefined) return expiration ?? passwordExpiration;
  return expiration < passwordExpiration ? expiration : passwordExpiration;
}

/** Shows the client which request was answered, so that nobody can have altered it (RFC 6806 §11). */
function proofOfRequest(key: Key, request: Uint8Array): PaData {
  const sum = Checksum.encode(makeChecksum(key, KU_AS_REQ_CKSUM, request));
  return { padataType: PA_REQ_ENC_PA_REP, padataValue: sum };
}
