import { pooledCopy } from '../codec/pooled.ts';
import {
  KDC_ERR_CANNOT_POSTDATE,
  KDC_ERR_MUST_USE_USER2USER,
  KDC_ERR_POLICY,
  KDC_ERR_S_PRINCIPAL_UNKNOWN,
  KDC_ERR_SERVER_NOMATCH,
  KRB_AP_ERR_NOT_US,
} from '../messages/error-codes.ts';
import { ENC_TKT_IN_SKEY, POSTDATED, PRE_AUTHENT, RENEW, VALIDATE } from '../messages/flags.ts';
import { type EncKdcRepPart, EncTgsRepPart, TgsRep } from '../messages/kdc-rep.ts';
import { KdcReqBody, TgsReq } from '../messages/kdc-req.ts';
import { KU_TGS_REP_SESSKEY, KU_TGS_REP_SUBKEY } from '../messages/numbers.ts';
import { isTgs, samePrincipal, toPrincipal, toPrincipalName } from '../messages/principal.ts';
import { seal } from '../messages/seal.ts';
import type { EncryptedData, PrincipalName } from '../messages/types.ts';
import { ticketArmorKey } from '../preauth/fast-keys.ts';
import { admitHolder, admitServer, checkSameAccount } from './admission.ts';
import { currentKeys, type PrincipalEntry } from './database.ts';
import { sessionEtype, ticketKey, usableEtypes } from './enctype-choice.ts';
import type { Exchange } from './exchange.ts';
import { replyPart, sealTicket } from './issue.ts';
import { checkValidated } from './open-ticket.ts';
import { type InnerRequest, inArmor, type KdcFast, openFast, refuseArmor } from './preauth/fast.ts';
import { findReferral } from './referral.ts';
import { refuse } from './refusal.ts';
import { asksForUser } from './s4u/user.ts';
import { findBehalf } from './s4u.ts';
import { openHeader, type TgsHeader } from './tgs-header.ts';
import { checkTgsOptions } from './tgs-options.ts';
import { newTicket, type TgsParties } from './tgs-ticket.ts';
import { openSecondTicket, type SecondTicket } from './user-to-user.ts';
import { vouchForTicket } from './vouched.ts';

/** Answers a TGS-REQ (RFC 4120 §3.3.3); throws `Refusal`, or CodecError where it is malformed. */
export function answerTgsRequest(exchange: Exchange): Uint8Array {
  const { header, body, padata } = openRequest(exchange);
  const etypes = usableEtypes(body.etype);
  const second = body.kdcOptions & ENC_TKT_IN_SKEY ? openSecondTicket(exchange, body, etypes) : undefined;
  const { server, sname } = findServer(exchange, body, second);
  checkRequest(exchange, { body, padata }, { header, server });
  const behalf = findBehalf(exchange, { header, body, padata, server });

  const session = second?.key.etype ?? sessionEtype(server, etypes);
  const part = newTicket(exchange, body, { header, server, session, behalf });
  const sealing = second?.key ?? ticketKey(server);
  const kvno = second === undefined ? currentKeys(server).kvno : undefined;
  const vouched = vouchForTicket(exchange.kdc.database, part, { ticket: header, server, behalf });
  const ticket = sealTicket(part, { realm: body.realm, sname, key: sealing, kvno, vouched });
  const reply = replyPart(part, {
    nonce: body.nonce,
    realm: body.realm,
    sname,
    encryptedPaData: behalf?.encryptedPaData,
  });
  const sealed = sealReply(reply, header, exchange.fast);
  exchange.issued = {
    authtime: part.authtime,
    reply: sealed.etype,
    ticket: sealing.etype,
    session,
  };
  const { crealm, cname } = part;
  const outside = inArmor(exchange, behalf?.padata ?? [], { crealm, cname, nonce: body.nonce, ticket });
  const rep: TgsRep = {
    padata: outside.padata.length === 0 ? undefined : outside.padata,
    crealm: outside.crealm,
    cname: outside.cname,
    ticket,
    encPart: sealed,
  };
  return TgsRep.lend(rep, pooledCopy);
}

interface OpenedRequest extends Pick<InnerRequest, 'body' | 'padata'> {
  readonly header: TgsHeader;
}

/** The presented ticket, and the request, taken out of its armor if it has one. */
function openRequest(exchange: Exchange): OpenedRequest {
  const { padata = [], reqBody } = TgsReq.decode(exchange.request);
  const outer = { padata, body: KdcReqBody.decode(reqBody), reqBody };
  exchange.body = outer.body;
  const header = openHeader(exchange, padata, reqBody);
  const { subkey, sessionKey } = header;
  const inner = openFast(exchange, outer, {
    bound: header.apReq,
    findKey(armor) {
      if (armor !== undefined || subkey === undefined) refuseArmor();
      return ticketArmorKey(subkey, sessionKey);
    },
  });
  if (!(inner.body.kdcOptions & VALIDATE)) checkValidated(header.part);
  return { header, body: inner.body, padata: inner.padata };
}

/** The sealed part: in the sender's subkey if there is one (RFC 4120 §3.3.3), which FAST requires. */
function sealReply(
  reply: EncKdcRepPart,
  { subkey, sessionKey }: TgsHeader,
  fast: KdcFast | undefined,
): EncryptedData {
  if (subkey === undefined) return seal(EncTgsRepPart, reply, sessionKey, KU_TGS_REP_SESSKEY);
  return seal(EncTgsRepPart, reply, fast?.strengthen(subkey) ?? subkey, KU_TGS_REP_SUBKEY);
}

/** The requested service; a user-to-user request need not name it, but must not name another than its ticket does. */
function findServer(
  exchange: Exchange,
  body: KdcReqBody,
  second: SecondTicket | undefined,
): { readonly server: PrincipalEntry; readonly sname: PrincipalName } {
  const sname = body.sname ?? (second && toPrincipalName(second.client));
  if (sname === undefined) refuse(KDC_ERR_S_PRINCIPAL_UNKNOWN, 'NULL_SERVER');
  const { database } = exchange.kdc;
  const known = database.find(sname.nameString, body.realm);
  const server = known ?? findReferral(database, sname, body);
  if (server === undefined) refuse(KDC_ERR_S_PRINCIPAL_UNKNOWN, 'UNKNOWN_SERVER');
  admitServer(server, exchange.now);
  if (second === undefined) {
    if (server.policy.disallowServer) refuse(KDC_ERR_MUST_USE_USER2USER, 'SERVER_NOT_ALLOWED');
  } else {
    if (!samePrincipal(second.client, toPrincipal(sname, body.realm)))
      refuse(KDC_ERR_SERVER_NOMATCH, '2ND_TKT_MISMATCH');
    checkSameAccount(server, second.part);
    if (server.policy.disallowUserToUser) refuse(KDC_ERR_POLICY, 'DUP_SKEY_DISALLOWED');
  }
  return { server, sname: known === undefined ? toPrincipalName(server.principal) : sname };
}

/** Checks that the presented ticket may be used to ask for this service, and allows the options. */
function checkRequest(
  exchange: Exchange,
  { body: { kdcOptions, realm }, padata }: Pick<OpenedRequest, 'body' | 'padata'>,
  { header, server }: TgsParties,
): void {
  const presented = header.server.principal;
  // The tickets of another realm are its own matter, even if its keys are known here.
  if (exchange.kdc.database.realm(realm) === undefined) refuse(KRB_AP_ERR_NOT_US, 'NOT_A_REALM_OF_OURS');
  if (kdcOptions & (RENEW | VALIDATE)) {
    if (!samePrincipal(presented, server.principal))
      refuse(KDC_ERR_SERVER_NOMATCH, 'SERVER_DIDNT_MATCH_TICKET');
  } else {
    if (!isTgs(presented) || presented.components[1] !== realm)
      refuse(KRB_AP_ERR_NOT_US, 'NOT_A_TGT_OF_THIS_REALM');
    if (server.policy.disallowTgsBased) refuse(KDC_ERR_POLICY, 'TGT_BASED_NOT_ALLOWED');
  }
  checkTgsOptions(kdcOptions, header.part.flags, isTgs(server.principal));
  if (kdcOptions & POSTDATED && server.policy.disallowPostdated)
    refuse(KDC_ERR_CANNOT_POSTDATE, 'POSTDATE_NOT_ALLOWED');
  if (server.policy.requiresPreauth && !(header.part.flags & PRE_AUTHENT))
    refuse(KDC_ERR_POLICY, 'NO_PREAUTH');
  // Our service brings another realm's statement about a user, and the ticket is good for nothing else.
  if (header.part.crealm === realm && presented.realm !== realm && !asksForUser(padata))
    refuse(KDC_ERR_POLICY, 'OWN_CLIENT_FROM_ANOTHER_REALM');
  admitHolder(exchange, header.part);
}
