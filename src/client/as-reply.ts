import { verifyChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import { IntegrityError, KerberosError } from '../errors.ts';
import { ANONYMOUS_REALM, isAnonymous } from '../messages/anonymous.ts';
import type { Credential } from '../messages/credential.ts';
import { CANONICALIZE, ENC_PA_REP, REQUEST_ANONYMOUS } from '../messages/flags.ts';
import { AsRep, EncAsRepPart, type EncKdcRepPart } from '../messages/kdc-rep.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import {
  KU_AS_REP,
  KU_AS_REQ_CKSUM,
  NT_ENTERPRISE,
  PA_FX_FAST,
  PA_REQ_ENC_PA_REP,
} from '../messages/numbers.ts';
import { type Principal, samePrincipal, tgsPrincipal, toPrincipal } from '../messages/principal.ts';
import { unseal } from '../messages/seal.ts';
import { Ticket } from '../messages/ticket.ts';
import { Checksum } from '../messages/types.ts';
import type { Armor } from '../preauth/armor.ts';
import { modified } from '../preauth/modified.ts';
import type { AsState } from './as-state.ts';
import type { InitialOptions } from './initial.ts';
import { passwordExpiration } from './password-expiration.ts';
import { checkEcho, checkTimes, credentialOf } from './reply-checks.ts';
import { enctypeText } from './telling.ts';

/** What a KDC states in its reply besides the ticket. */
export interface AsReplyFacts {
  /** The KDC's clock minus ours in milliseconds; absent where they agree or ours is to be used. */
  readonly kdcOffset: number | undefined;
  /** The enctype of the key that opened the reply. */
  readonly replyEtype: number;
  /** When the client's password expires, if the KDC says so. */
  readonly passwordExpiration: Date | undefined;
  /** Whether the KDC offers FAST, in a part of the reply that cannot be forged (RFC 6806 §11). */
  readonly fastAvailable: boolean;
}

export interface AsMessages {
  readonly body: KdcReqBody;
  readonly armor: Armor;
  readonly request: Uint8Array;
  readonly reply: Uint8Array;
}

/** Opens an AS-REP and checks it against its request (RFC 4120 §3.1.5). */
export async function openAsReply(
  messages: AsMessages,
  state: AsState,
  options: InitialOptions,
): Promise<AsReplyFacts & { readonly credential: Credential }> {
  const rep = AsRep.decode(messages.reply);
  const { client, padata, strengthen } = messages.armor.openReply(rep, messages.body.nonce);
  const { trace } = state;
  const { etype: enctype, kvno } = rep.encPart;
  trace(`AS reply is sealed in ${enctypeText(enctype)}${kvno === undefined ? '' : `, kvno ${kvno}`}`, {
    kind: 'sealed',
    what: 'AS-REP',
    enctype,
    kvno,
  });
  if (!messages.body.etype.includes(rep.encPart.etype)) throw modified('an enctype that was not asked for');
  const agreed = await state.replyKey(padata, {
    request: messages.request,
    etype: rep.encPart.etype,
    opens: candidate => isOpenedBy(rep, strengthen(candidate)),
  });
  const key = strengthen(agreed);
  const part = unsealReply(rep, key, state);
  const ticket = Ticket.decode(rep.ticket);

  const server = toPrincipal(part.sname, part.srealm);
  if (!samePrincipal(server, toPrincipal(ticket.sname, ticket.realm)))
    throw modified('two names of the server');
  checkNames(client, server, messages.body);
  if (isAnonymous(client) && client.realm === ANONYMOUS_REALM) {
    const { checkContribution } = await import('../preauth/pkinit/contribution.ts');
    checkContribution(padata, agreed, part.key);
  }
  checkEcho(part, messages.body);
  checkTimes(part, messages.body);
  const fastAvailable = checkEncryptedPadata(part, messages.request, key);
  const kdcOffset = clockOffset(part, messages.body, state, options.kdcTimesync ?? true);
  trace(`Decrypted AS reply; session key is of ${enctypeText(part.key.keytype)}`);
  trace(`FAST negotiation: ${fastAvailable ? '' : 'un'}available`);

  return {
    credential: credentialOf(part, client, rep.ticket),
    kdcOffset,
    replyEtype: key.etype,
    passwordExpiration: passwordExpiration(part),
    fastAvailable,
  };
}

/**
 * Checks that client and server are those of the request. Names may be canonicalized if that was asked for, an
 * enterprise name always (RFC 6806 §5 to §7), including the realm. Nothing authenticates the client's name in a reply,
 * but the sealed name of its ticket-granting service authenticates the realm.
 */
function checkNames(client: Principal, server: Principal, body: KdcReqBody): void {
  const askedClient = toPrincipal(body.cname!, body.realm);
  const askedServer = toPrincipal(body.sname!, body.realm);
  const canonical = (body.kdcOptions & CANONICALIZE) !== 0 || askedClient.nameType === NT_ENTERPRISE;
  const renamedRealm =
    canonical &&
    samePrincipal(askedServer, tgsPrincipal(body.realm)) &&
    samePrincipal(server, tgsPrincipal(client.realm));
  if (!samePrincipal(server, askedServer) && !renamedRealm) throw modified('another server');
  const sameRealm = client.realm === askedClient.realm || renamedRealm;
  if (body.kdcOptions & REQUEST_ANONYMOUS) {
    if (!isAnonymousFor(askedClient, client)) throw modified('another client');
  } else if (!samePrincipal(client, askedClient) && !(canonical && sameRealm)) {
    throw modified('another client');
  }
}

/** RFC 8062 §4.1: a client that asks anonymously, without a name of its own, is in the anonymous realm. */
function isAnonymousFor(asked: Principal, client: Principal): boolean {
  return isAnonymous(client) && client.realm === (isAnonymous(asked) ? ANONYMOUS_REALM : asked.realm);
}

function unsealReply(rep: AsRep, key: Key, state: AsState): EncKdcRepPart {
  try {
    return unseal(EncAsRepPart, rep.encPart, key, KU_AS_REP);
  } catch (error) {
    throw error instanceof IntegrityError ? state.rejected(error) : error;
  }
}

function isOpenedBy(rep: AsRep, key: Key): boolean {
  try {
    unseal(EncAsRepPart, rep.encPart, key, KU_AS_REP);
    return true;
  } catch (error) {
    if (error instanceof IntegrityError) return false;
    throw error;
  }
}

/** The KDC's clock minus ours, if it is to be followed; otherwise the two may differ by the clock skew at most. */
function clockOffset(
  part: EncKdcRepPart,
  body: KdcReqBody,
  { exchange: { clock, clockskew, trace } }: AsState,
  timesync: boolean,
): number | undefined {
  const offset = part.authtime.getTime() - clock().getTime();
  // An authtime has whole seconds and is as old as the exchange; that alone is no difference between the clocks.
  const agree = offset > -2000 && offset <= 0;
  if (!agree) {
    const use = timesync ? 'which is gone by' : 'which is not gone by';
    trace(`The KDC's clock differs from ours by ${Math.round(offset / 1000)} s, ${use}`, {
      kind: 'clock',
      offset,
    });
  }
  // A request from a clock that is far behind asks for a ticket that has expired when it begins, and some KDCs issue
  // it.
  const hasEnded = part.endtime <= (part.starttime ?? part.authtime);
  if (hasEnded && body.till > clock()) throw skewed();
  if (timesync) return agree ? undefined : offset;
  if (Math.abs(offset) > clockskew * 1000 && body.from === undefined) {
    throw skewed();
  }
  return undefined;
}

function skewed(): KerberosError {
  return new KerberosError('REPLY_SKEW', 'Clock skew too great in KDC reply');
}

/**
 * A KDC that claims to have seen our request (RFC 6806 §11) must prove it; then nobody has removed an offer of its
 * mechanisms.
 */
function checkEncryptedPadata(part: EncKdcRepPart, request: Uint8Array, key: Key): boolean {
  if (!(part.flags & ENC_PA_REP)) return false;
  const padata = part.encryptedPaData ?? [];
  const proof = padata.find(({ padataType }) => padataType === PA_REQ_ENC_PA_REP);
  if (
    proof === undefined ||
    !verifyChecksum(key, KU_AS_REQ_CKSUM, request, Checksum.decode(proof.padataValue))
  ) {
    throw modified('a request that is not the one we sent');
  }
  return padata.some(({ padataType }) => padataType === PA_FX_FAST);
}
