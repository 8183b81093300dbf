import { sealApRep } from '../ap/ap-rep.ts';
import { openPriv, sealPriv } from '../ap/priv.ts';
import { freshSequenceNumber } from '../ap/session.ts';
import { bytesToText } from '../codec/text.ts';
import type { Key } from '../crypto/key.ts';
import { CodecError, IntegrityError } from '../errors.ts';
import { ApReq, type Authenticator } from '../messages/ap.ts';
import { KRB_AP_ERR_NOT_US, KRB_AP_ERR_REPEAT } from '../messages/error-codes.ts';
import { INITIAL } from '../messages/flags.ts';
import { hostAddress } from '../messages/host-address.ts';
import { ADDR_INET, KU_AP_REQ_AUTHENTICATOR } from '../messages/numbers.ts';
import { ChangePasswdData } from '../messages/password.ts';
import { formatPrincipal, type Principal, samePrincipal, toPrincipal } from '../messages/principal.ts';
import { toKey } from '../messages/seal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import { currentKeys, type PrincipalEntry, type WritableDatabase } from './database.ts';
import { toRefusal } from './error-reply.ts';
import type { Exchange, Peer } from './exchange.ts';
import type { Kdc, Responder } from './kdc.ts';
import {
  changePasswordService,
  encodePasswordResult,
  framePasswordError,
  framePasswordReply,
  KPASSWD_ACCESSDENIED,
  KPASSWD_AUTHERROR,
  KPASSWD_HARDERROR,
  KPASSWD_INITIAL_FLAG_NEEDED,
  KPASSWD_MALFORMED,
  KPASSWD_SOFTERROR,
  KPASSWD_SUCCESS,
  type PasswordMessage,
  type PasswordResult,
  readPasswordMessage,
} from './kpasswd-message.ts';
import { Lookaside } from './lookaside.ts';
import { checkValidated, checkValidity } from './open-ticket.ts';
import { passwordFault, versionsKept } from './password-quality.ts';
import { namedPolicy } from './policy.ts';
import { openAuthenticator } from './presented.ts';
import { refuse } from './refusal.ts';

/** Longer passwords are attempts at something else. */
const MAX_PASSWORD_BYTES = 1024;
const NO_ADDRESS = { addrType: ADDR_INET, address: new Uint8Array(4) };

export interface PasswordServerOptions {
  readonly database: WritableDatabase;
  /** Told of each request in one line, without secrets. */
  readonly log?: ((line: string) => void) | undefined;
}

/**
 * Answers requests to change one's own password, and to set those of others (RFC 3244), for the realms of a KDC that
 * have the service `kadmin/changepw`.
 */
export function createPasswordServer(kdc: Kdc, { database, log }: PasswordServerOptions): Responder {
  const lookaside = new Lookaside();
  const server = changePasswordService(kdc.realm);

  function answer(request: Uint8Array, exchange: Exchange): { reply: Uint8Array; told: string } {
    const { now } = exchange;
    const message = readPasswordMessage(request);
    if ('code' in message) return { reply: framePasswordError(message, { now, server }), told: message.text };
    let client: PasswordClient;
    try {
      client = authenticate(message, exchange);
    } catch (error) {
      const refusal = toRefusal(error);
      const { errorCode, message: status } = refusal;
      const text = 'The ticket or who shows it was not accepted.';
      const reply = framePasswordError({ code: KPASSWD_AUTHERROR, text }, { now, server, errorCode });
      return { reply, told: status };
    }
    const result = change(message, client, { exchange, kdc, database });
    const told = result.code === KPASSWD_SUCCESS ? 'success' : result.text;
    return {
      reply: sealReply(result, client, exchange.peer),
      told: `${formatPrincipal(client.principal)}: ${told}`,
    };
  }

  return {
    realm: kdc.realm,
    now: () => kdc.now(),
    handle(request, peer) {
      const exchange: Exchange = { kdc: kdc.state, request, now: kdc.now(), peer };
      const label = lookaside.label(request);
      if (label === undefined) return undefined;
      const known = lookaside.find(label, exchange.now);
      if (known !== undefined) return known;
      const { reply, told } = answer(request, exchange);
      lookaside.remember(label, reply, exchange.now);
      log?.(`KPASSWD ${peer?.address ?? 'in-process'}: ${told}`);
      return reply;
    },
  };
}

/** Who asks, and what was agreed on. */
interface PasswordClient {
  readonly principal: Principal;
  readonly part: EncTicketPart;
  readonly sessionKey: Key;
  readonly authenticator: Authenticator;
  /** Seals what follows: the client's subkey. */
  readonly key: Key;
}

/** Judges the AP-REQ with the keys of the database; throws `Refusal` and what malformed messages bring. */
function authenticate({ apReq }: PasswordMessage, exchange: Exchange): PasswordClient {
  const { kdc, now } = exchange;
  const { ticket, authenticator: sealed } = ApReq.decode(apReq);
  const { server, part, sessionKey } = kdc.tickets.open(ticket);
  if (!samePrincipal(server.principal, changePasswordService(server.principal.realm))) {
    refuse(KRB_AP_ERR_NOT_US, 'TICKET_NOT_FOR_CHANGEPW');
  }
  const usage = KU_AP_REQ_AUTHENTICATOR;
  const authenticator = openAuthenticator(exchange, sealed, { part, sessionKey, usage });
  checkValidity(part, exchange);
  checkValidated(part);
  if (!kdc.replays.admit(sealed, now)) refuse(KRB_AP_ERR_REPEAT, 'REPLAYED_REQUEST');
  const { subkey } = authenticator;
  return {
    principal: toPrincipal(part.cname, part.crealm),
    part,
    sessionKey,
    authenticator,
    key: subkey === undefined ? sessionKey : toKey(subkey),
  };
}

interface Surroundings {
  readonly exchange: Exchange;
  readonly kdc: Kdc;
  readonly database: WritableDatabase;
}

function change(message: PasswordMessage, client: PasswordClient, around: Surroundings): PasswordResult {
  const wish = readWish(message, client);
  if ('code' in wish) return wish;
  const { kdc, database, exchange } = around;
  const isOwn = samePrincipal(wish.target, client.principal);
  const asker = entryOf(client.principal, database);
  if (isOwn && !(client.part.flags & INITIAL)) {
    return { code: KPASSWD_INITIAL_FLAG_NEEDED, text: 'The ticket must be had by the password.' };
  }
  if (!isOwn && asker?.policy.setsPasswords !== true) {
    return { code: KPASSWD_ACCESSDENIED, text: 'You may not set the passwords of others.' };
  }
  const target = entryOf(wish.target, database);
  if (target === undefined) return { code: KPASSWD_HARDERROR, text: 'There is no such principal.' };
  const policy = namedPolicy(database.realm(target.principal.realm), target.policy);
  const { minPasswordLife = 0, maxPasswordLife } = policy;
  const changed = target.policy.passwordChanged?.getTime();
  if (isOwn && changed !== undefined && exchange.now < changed + minPasswordLife * 1000) {
    return {
      code: KPASSWD_SOFTERROR,
      text: 'The password was changed only lately: wait before you do it again.',
    };
  }
  const fault = passwordFault(wish.password, target, policy);
  if (fault !== undefined) return { code: KPASSWD_SOFTERROR, text: fault };
  const { etypes, origin } = currentKeys(target);
  database.addKeys(
    target.principal,
    { password: wish.password, enctypes: etypes, iterations: origin?.iterations },
    {
      keep: versionsKept(policy),
      policy: {
        passwordChanged: new Date(exchange.now),
        passwordExpiration:
          maxPasswordLife === undefined ? undefined : new Date(exchange.now + maxPasswordLife * 1000),
      },
    },
  );
  kdc.state.logins.unlock(target.principal);
  return { code: KPASSWD_SUCCESS, text: '' };
}

/** Those of realms that are served, by their own names. */
function entryOf({ components, realm }: Principal, database: WritableDatabase): PrincipalEntry | undefined {
  return database.realm(realm) === undefined ? undefined : database.find(components, realm);
}

/** Opens what the client wants; a result where that cannot be read. */
function readWish(
  { priv, names }: PasswordMessage,
  client: PasswordClient,
): { readonly target: Principal; readonly password: string } | PasswordResult {
  try {
    const { userData, seqNumber } = openPriv(priv, client.key);
    if (seqNumber !== client.authenticator.seqNumber) {
      return { code: KPASSWD_HARDERROR, text: 'The parts of the request do not belong together.' };
    }
    const { newPasswd, targName, targRealm } = names
      ? ChangePasswdData.decode(userData)
      : { newPasswd: userData };
    if (newPasswd.length > MAX_PASSWORD_BYTES)
      return { code: KPASSWD_SOFTERROR, text: 'The password is too long.' };
    const realm = targRealm ?? client.principal.realm;
    const target = targName === undefined ? client.principal : toPrincipal(targName, realm);
    const password = bytesToText(newPasswd);
    if (/\p{Surrogate}/u.test(password))
      return { code: KPASSWD_SOFTERROR, text: 'The password is not in UTF-8.' };
    return { target, password };
  } catch (error) {
    if (error instanceof IntegrityError)
      return { code: KPASSWD_HARDERROR, text: 'The request cannot be opened.' };
    if (error instanceof CodecError) return { code: KPASSWD_MALFORMED, text: 'The request cannot be read.' };
    throw error;
  }
}

/** Clients expect an AP-REP whether they asked for one or not. */
function sealReply(result: PasswordResult, client: PasswordClient, peer: Peer | undefined): Uint8Array {
  const { ctime, cusec } = client.authenticator;
  const seqNumber = freshSequenceNumber();
  const sAddress = (peer?.local === undefined ? undefined : hostAddress(peer.local)) ?? NO_ADDRESS;
  return framePasswordReply(
    sealApRep({ ctime, cusec, seqNumber }, client.sessionKey),
    sealPriv(encodePasswordResult(result), client.key, { seqNumber, sAddress }),
  );
}
