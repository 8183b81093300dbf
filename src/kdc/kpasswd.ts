import { sealApRep } from '../ap/ap-rep.ts';
import { sealPriv } from '../ap/priv.ts';
import { freshSequenceNumber } from '../ap/session.ts';
import { KRB_AP_ERR_NOT_US, KRB_AP_ERR_REPEAT } from '../messages/error-codes.ts';
import { hostAddress } from '../messages/host-address.ts';
import { ADDR_INET, KU_AP_REQ_AUTHENTICATOR } from '../messages/numbers.ts';
import { formatPrincipal, samePrincipal, toPrincipal } from '../messages/principal.ts';
import { toKey } from '../messages/seal.ts';
import type { WritableDatabase } from './database.ts';
import { toRefusal } from './error-reply.ts';
import type { Exchange, Peer } from './exchange.ts';
import type { Kdc, Responder } from './kdc.ts';
import { changePasswordOf, type PasswordClient } from './kpasswd/change.ts';
import { Comparisons } from './kpasswd/comparisons.ts';
import {
  changePasswordService,
  encodePasswordResult,
  framePasswordError,
  framePasswordReply,
  KPASSWD_AUTHERROR,
  KPASSWD_SUCCESS,
  type PasswordMessage,
  type PasswordResult,
  readPasswordMessage,
} from './kpasswd/message.ts';
import { failureLine, oneLine } from './log-line.ts';
import { Lookaside } from './lookaside.ts';
import { checkValidated, checkValidity } from './open-ticket.ts';
import { openAuthenticator } from './presented.ts';
import { refuse } from './refusal.ts';

const NO_ADDRESS = { addrType: ADDR_INET, address: new Uint8Array(4) };

export interface PasswordServerOptions {
  readonly database: WritableDatabase;
  /** Called for each request with a line without secrets. */
  readonly log?: ((line: string) => void) | undefined;
}

interface Answer {
  readonly reply: Uint8Array;
  /** For the log. */
  readonly told: string;
  /** Whether the request came from the client of the ticket. */
  readonly proved: boolean;
}

/**
 * Answers requests to change one's own password, and to set those of others (RFC 3244), for those realms of a KDC that
 * have the service `kadmin/changepw`.
 */
export function createPasswordServer(kdc: Kdc, { database, log }: PasswordServerOptions): Responder {
  const lookaside = new Lookaside();
  const server = changePasswordService(kdc.realm);
  const comparisons = new Comparisons();

  function answer(request: Uint8Array, exchange: Exchange): Answer | undefined {
    const { now, peer } = exchange;
    const message = readPasswordMessage(request);
    if ('code' in message) {
      // It may be another server's answer, sent with a forged address, and the two would answer each other for ever.
      if (peer?.transport === 'udp') return undefined;
      return { reply: framePasswordError(message, { now, server }), told: message.text, proved: false };
    }
    let client: PasswordClient;
    try {
      client = authenticate(message, exchange);
    } catch (error) {
      const refusal = toRefusal(error);
      const { errorCode, message: status, cause } = refusal;
      const text = 'The ticket or who shows it was not accepted.';
      const code = KPASSWD_AUTHERROR;
      const reply = framePasswordError({ code, text }, { now, server, errorCode });
      return { reply, told: toldOf({ code, text: status, cause }), proved: false };
    }
    const result = changePasswordOf(message, client, { exchange, kdc, database, comparisons });
    return {
      reply: sealReply(result, client, peer),
      told: `${oneLine(formatPrincipal(client.principal))}: ${toldOf(result)}`,
      proved: true,
    };
  }

  return {
    realm: kdc.realm,
    now: () => kdc.now(),
    handle(request, peer) {
      const exchange: Exchange = { kdc: kdc.state, request, now: kdc.now(), peer };
      const label = lookaside.label(request);
      if (label === undefined) return undefined;
      const known = lookaside.find(label, request, exchange.now);
      if (known !== undefined) return known;
      const answered = answer(request, exchange);
      if (answered === undefined) return undefined;
      const { reply, told, proved } = answered;
      // Errors cost little, and the reply to a forged request must not be available over another transport.
      if (proved) lookaside.remember(label, request, reply, exchange.now);
      log?.(`KPASSWD ${peer?.address ?? 'in-process'}: ${told}`);
      return reply;
    },
    failed: error => log?.(failureLine('KPASSWD', error)),
  };
}

/** Checks the AP-REQ with the keys of the database; throws `Refusal`, and the errors of malformed messages. */
function authenticate({ apReq }: PasswordMessage, exchange: Exchange): PasswordClient {
  const { kdc, now } = exchange;
  const { ticket, authenticator: sealed } = apReq;
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

function toldOf({ code, text, cause }: PasswordResult): string {
  if (code === KPASSWD_SUCCESS) return 'success';
  return cause instanceof Error ? `${text} (${oneLine(cause.message)})` : text;
}

/** Clients expect an AP-REP whether or not they asked for one. */
function sealReply(result: PasswordResult, client: PasswordClient, peer: Peer | undefined): Uint8Array {
  const { ctime, cusec } = client.authenticator;
  const seqNumber = freshSequenceNumber();
  const sAddress = (peer?.local === undefined ? undefined : hostAddress(peer.local)) ?? NO_ADDRESS;
  return framePasswordReply(
    sealApRep({ ctime, cusec, seqNumber }, client.sessionKey),
    sealPriv(encodePasswordResult(result), client.key, { seqNumber, sAddress }),
  );
}
