import type { Key } from '../crypto/key.ts';
import type { Credential } from '../messages/credential.ts';
import { CANONICALIZE, RENEW, VALIDATE } from '../messages/flags.ts';
import { EncTgsRepPart, TgsRep } from '../messages/kdc-rep.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { KU_TGS_REP_SUBKEY } from '../messages/numbers.ts';
import { isTgs, type Principal, samePrincipal, toPrincipal } from '../messages/principal.ts';
import { unseal } from '../messages/seal.ts';
import { Ticket } from '../messages/ticket.ts';
import type { Armor } from '../preauth/armor.ts';
import { modified } from '../preauth/modified.ts';
import { checkEcho, checkTimes, credentialOf } from './reply-checks.ts';
import type { OnBehalf } from './s4u-behalf.ts';

interface TgsContext {
  readonly body: KdcReqBody;
  readonly tgt: Credential;
  readonly server: Principal;
  /** The subkey in our authenticator, under which the reply is sealed (RFC 4120 §3.3.3). */
  readonly subkey: Key;
  readonly armor: Armor;
  readonly onBehalf: OnBehalf | undefined;
}

/** Opens a TGS-REP and checks it against its request (RFC 4120 §3.3.4). */
export function openTgsReply(
  reply: Uint8Array,
  { body, tgt, server, subkey, armor, onBehalf }: TgsContext,
): Credential {
  const rep = TgsRep.decode(reply);
  const { client, padata, strengthen } = armor.openReply(rep, body.nonce);
  const part = unseal(EncTgsRepPart, rep.encPart, strengthen(subkey), KU_TGS_REP_SUBKEY);
  const ticket = Ticket.decode(rep.ticket);
  const granted = toPrincipal(part.sname, part.srealm);
  if (!samePrincipal(granted, toPrincipal(ticket.sname, ticket.realm)))
    throw modified('two names of the server');
  if (!mayStandFor(granted, server, body)) throw modified('another server');
  const { encryptedPaData: encryptedPadata = [] } = part;
  if (onBehalf !== undefined) onBehalf.check({ client, server: granted, padata, encryptedPadata });
  else if (!samePrincipal(client, tgt.client)) throw modified('another client');
  checkEcho(part, body);
  checkTimes(part, body);
  return credentialOf(part, client, rep.ticket);
}

/**
 * Whether a ticket for `granted` answers a request for `asked`. Asked for the ticket-granting service of another realm,
 * a KDC may name that of a realm on the way (RFC 4120 §3.3.3.1); a referral and an alias are accepted only if they were
 * asked for (RFC 6806 §8). A ticket that is renewed or validated keeps its server.
 */
function mayStandFor(granted: Principal, asked: Principal, body: KdcReqBody): boolean {
  if (samePrincipal(granted, asked)) return true;
  if (granted.realm !== asked.realm || body.kdcOptions & (RENEW | VALIDATE)) return false;
  if (isTgs(asked)) return isTgs(granted) && asked.components[1] !== asked.realm;
  return (body.kdcOptions & CANONICALIZE) !== 0;
}
