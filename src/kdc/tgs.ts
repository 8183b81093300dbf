import { randomKey } from '../crypto/key.ts';
import {
  KDC_ERR_C_PRINCIPAL_UNKNOWN,
  KDC_ERR_CANNOT_POSTDATE,
  KDC_ERR_MUST_USE_USER2USER,
  KDC_ERR_POLICY,
  KDC_ERR_S_PRINCIPAL_UNKNOWN,
  KDC_ERR_SERVER_NOMATCH,
  KRB_AP_ERR_NOT_US,
} from '../messages/error-codes.ts';
import {
  ENC_TKT_IN_SKEY,
  FORWARDED,
  POSTDATED,
  PROXY,
  RENEW,
  RENEWABLE,
  TRANSITED_POLICY_CHECKED,
  VALIDATE,
} from '../messages/flags.ts';
import { type EncKdcRepPart, EncTgsRepPart, TgsRep } from '../messages/kdc-rep.ts';
import { KdcReqBody, TgsReq } from '../messages/kdc-req.ts';
import { KU_TGS_REP_SESSKEY, KU_TGS_REP_SUBKEY } from '../messages/numbers.ts';
import { isTgs, samePrincipal, tgsPrincipal, toPrincipal, toPrincipalName } from '../messages/principal.ts';
import { seal, toEncryptionKey } from '../messages/seal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import type { EncryptedData, PrincipalName } from '../messages/types.ts';
import { ticketArmorKey } from '../preauth/fast-keys.ts';
import { admitClient, admitServer, longestLives } from './admission.ts';
import { combinedAuthorizationData } from './authorization-data.ts';
import { currentKeys, type PrincipalEntry } from './database.ts';
import { sessionEtype, ticketKey, usableEtypes } from './enctype-choice.ts';
import { type Exchange, wholeSeconds } from './exchange.ts';
import { inArmor, type KdcFast, openFast, refuseArmor } from './fast.ts';
import { replyPart, sealTicket } from './issue.ts';
import { checkValidated } from './open-ticket.ts';
import { refuse } from './refusal.ts';
import { reissued } from './reissue.ts';
import { openHeader, type TgsHeader } from './tgs-header.ts';
import { checkTgsOptions } from './tgs-options.ts';
import { ticketFlags } from './ticket-flags.ts';
import { ticketTimes } from './ticket-times.ts';
import { openSecondTicket, type SecondTicket } from './user-to-user.ts';

/** Answers a TGS-REQ (RFC 4120 §3.3.3); throws `Refusal`, or CodecError where it is malformed. */
export function answerTgsRequest(exchange: Exchange): Uint8Array {
  const { header, body } = openRequest(exchange);
  const etypes = usableEtypes(body.etype);
  const second = body.kdcOptions & ENC_TKT_IN_SKEY ? openSecondTicket(exchange, body, etypes) : undefined;
  const { server, sname } = findServer(exchange, body, second);
  checkRequest(exchange, body, { header, server });

  const session = second?.key.etype ?? sessionEtype(server, etypes);
  const part = newTicket(exchange, body, { header, server, session });
  const sealing = second?.key ?? ticketKey(server);
  const kvno = second === undefined ? currentKeys(server).kvno : undefined;
  const ticket = sealTicket(part, { realm: body.realm, sname, key: sealing, kvno });
  const reply = replyPart(part, { nonce: body.nonce, realm: body.realm, sname });
  const sealed = sealReply(reply, header, exchange.fast);
  exchange.issued = {
    authtime: part.authtime,
    reply: sealed.etype,
    ticket: sealing.etype,
    session,
  };
  const outside = inArmor(exchange, [], { ...part, nonce: body.nonce, ticket });
  return TgsRep.encode({
    ...outside,
    padata: outside.padata.length === 0 ? undefined : outside.padata,
    ticket,
    encPart: sealed,
  });
}

/** What the request rests on, and the request, out of its armor if it has one. */
function openRequest(exchange: Exchange): { readonly header: TgsHeader; readonly body: KdcReqBody } {
  const { padata = [], reqBody } = TgsReq.decode(exchange.request);
  const outer = { padata, body: KdcReqBody.decode(reqBody), reqBody };
  exchange.body = outer.body;
  const header = openHeader(exchange, padata, reqBody);
  const { subkey, sessionKey } = header;
  const { body } = openFast(exchange, outer, {
    bound: header.apReq,
    findKey(armor) {
      if (armor !== undefined || subkey === undefined) refuseArmor();
      return ticketArmorKey(subkey, sessionKey);
    },
  });
  if (!(body.kdcOptions & VALIDATE)) checkValidated(header.part);
  return { header, body };
}

/** The sealed part: in the subkey of the sender's choice if there is one (RFC 4120 §3.3.3), which FAST has always. */
function sealReply(
  reply: EncKdcRepPart,
  { subkey, sessionKey }: TgsHeader,
  fast: KdcFast | undefined,
): EncryptedData {
  if (subkey === undefined) return seal(EncTgsRepPart, reply, sessionKey, KU_TGS_REP_SESSKEY);
  return seal(EncTgsRepPart, reply, fast?.strengthen(subkey) ?? subkey, KU_TGS_REP_SUBKEY);
}

/** The service asked for; a user-to-user request need not name it, but must not name another than its ticket does. */
function findServer(
  exchange: Exchange,
  body: KdcReqBody,
  second: SecondTicket | undefined,
): { readonly server: PrincipalEntry; readonly sname: PrincipalName } {
  const sname = body.sname ?? (second && toPrincipalName(second.client));
  if (sname === undefined) refuse(KDC_ERR_S_PRINCIPAL_UNKNOWN, 'NULL_SERVER');
  const server = exchange.kdc.database.find(sname.nameString, body.realm);
  if (server === undefined) refuse(KDC_ERR_S_PRINCIPAL_UNKNOWN, 'UNKNOWN_SERVER');
  admitServer(server, exchange.now);
  if (second === undefined) {
    if (server.policy.disallowServer) refuse(KDC_ERR_MUST_USE_USER2USER, 'SERVER_NOT_ALLOWED');
  } else {
    if (!samePrincipal(second.client, toPrincipal(sname, body.realm)))
      refuse(KDC_ERR_SERVER_NOMATCH, '2ND_TKT_MISMATCH');
    if (server.policy.disallowUserToUser) refuse(KDC_ERR_POLICY, 'DUP_SKEY_DISALLOWED');
  }
  return { server, sname };
}

interface TgsParties {
  readonly header: TgsHeader;
  readonly server: PrincipalEntry;
}

/** Whether the ticket presented is one that this service can be asked for with, and that carries the options. */
function checkRequest(
  { kdc, now }: Exchange,
  { kdcOptions, realm }: KdcReqBody,
  { header, server }: TgsParties,
): void {
  const presented = header.server.principal;
  if (kdcOptions & (RENEW | VALIDATE)) {
    if (!samePrincipal(presented, server.principal))
      refuse(KDC_ERR_SERVER_NOMATCH, 'SERVER_DIDNT_MATCH_TICKET');
  } else {
    if (!samePrincipal(presented, tgsPrincipal(realm))) refuse(KRB_AP_ERR_NOT_US, 'NOT_A_TGT_OF_THIS_REALM');
    if (server.policy.disallowTgsBased) refuse(KDC_ERR_POLICY, 'TGT_BASED_NOT_ALLOWED');
  }
  checkTgsOptions(kdcOptions, header.part.flags, isTgs(server.principal));
  if (kdcOptions & POSTDATED && server.policy.disallowPostdated)
    refuse(KDC_ERR_CANNOT_POSTDATE, 'POSTDATE_NOT_ALLOWED');
  // Who was locked out or removed since must not live on with an old ticket.
  const { cname, crealm } = header.part;
  const client = kdc.database.find(cname.nameString, crealm);
  if (client !== undefined) admitClient(client, now);
  else if (kdc.database.realm(crealm) !== undefined) refuse(KDC_ERR_C_PRINCIPAL_UNKNOWN, 'CLIENT_NOT_FOUND');
}

function newTicket(
  exchange: Exchange,
  body: KdcReqBody,
  { header, server, session }: TgsParties & { readonly session: number },
): EncTicketPart {
  const { part } = header;
  const again = body.kdcOptions & (RENEW | VALIDATE);
  // What is renewed keeps its flags, so that another address would be one that nothing tells of.
  const bound = !again && body.kdcOptions & (FORWARDED | PROXY);
  return {
    ...(again
      ? reissued(part, body.kdcOptions, wholeSeconds(exchange))
      : flagsAndTimes(exchange, body, { header, server })),
    key: toEncryptionKey(randomKey(session)),
    crealm: part.crealm,
    cname: part.cname,
    transited: part.transited,
    authtime: part.authtime,
    caddr: bound ? body.addresses : part.caddr,
    authorizationData: combinedAuthorizationData(header, body.encAuthorizationData),
  };
}

function flagsAndTimes(
  exchange: Exchange,
  body: KdcReqBody,
  { header: { part }, server }: TgsParties,
): ReturnType<typeof reissued> {
  const policies = [server.policy];
  const renewable = part.flags & RENEWABLE && !server.policy.disallowRenewable;
  const times = ticketTimes(body, {
    now: wholeSeconds(exchange),
    clockskew: exchange.kdc.clockskew,
    ...longestLives(exchange.kdc.database.realm(body.realm)!, policies),
    latestEnd: part.endtime.getTime(),
    latestRenewTill: renewable ? part.renewTill?.getTime() : undefined,
  });
  const flags = ticketFlags({
    kdcOptions: body.kdcOptions,
    // A client of the realm itself has passed no other.
    earned: TRANSITED_POLICY_CHECKED,
    header: part.flags,
    renewable: times.renewTill !== undefined,
    policies,
    server: server.policy,
  });
  return { ...times, flags };
}
