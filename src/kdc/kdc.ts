import { AsReq, TgsReq } from '../messages/kdc-req.ts';
import { secondsOf } from '../messages/seconds.ts';
import { answerAsRequest } from './as.ts';
import type { PrincipalDatabase } from './database.ts';
import { errorReply, toRefusal } from './error-reply.ts';
import type { Exchange, KdcState, Peer } from './exchange.ts';
import { Logins } from './lockout.ts';
import { failureLine, logLine } from './log-line.ts';
import { Lookaside } from './lookaside.ts';
import { TicketOpener } from './open-ticket.ts';
import { encryptedTimestamp } from './preauth/encrypted-timestamp.ts';
import type { KdcPreauth } from './preauth/mechanism.ts';
import type { Refusal } from './refusal.ts';
import { ReplayTable } from './replays.ts';
import { answerTgsRequest } from './tgs.ts';

export interface KdcOptions {
  readonly database: PrincipalDatabase;
  /** The realm that is named in errors to requests which name none. */
  readonly realm: string;
  /**
   * The mechanisms for pre-authentication, the preferred first, as `loadMechanisms` returns them; only encrypted
   * timestamp if not given.
   */
  readonly mechanisms?: readonly KdcPreauth[] | undefined;
  /** The KDC's clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /** Seconds by which a client's clock may differ; 300 if not given. */
  readonly clockskew?: number | undefined;
  /** Called for each request with a line in the format of krb5kdc, without secrets. */
  readonly log?: ((line: string) => void) | undefined;
}

/** Answers messages: bytes in, bytes out. */
export interface Responder {
  /** The realm that is named in errors to requests which name none. */
  readonly realm: string;
  /** Its clock, in milliseconds. */
  now(): number;
  /** The reply to a request, a KRB-ERROR if it is refused; undefined for what is not a request and gets no reply. */
  handle(request: Uint8Array, peer?: Peer): Uint8Array | undefined;
  /** Called with an error that occurred while a request without an answer was handled. */
  failed?(error: unknown): void;
  /** Milliseconds by which to delay the next reply; none if not given. */
  delay?(): number;
}

/** A KDC. */
export interface Kdc extends Responder {
  /** The state that its exchanges share, for services beside it. */
  readonly state: KdcState;
}

/** An exchange, chosen by the first octet of the request. */
interface ExchangeType {
  readonly tag: number;
  /** Its name in the log. */
  readonly kind: string;
  answer(exchange: Exchange): Uint8Array;
}

const exchangeTypes: readonly ExchangeType[] = [
  { tag: AsReq.tags[0]!, kind: 'AS_REQ', answer: answerAsRequest },
  { tag: TgsReq.tags[0]!, kind: 'TGS_REQ', answer: answerTgsRequest },
];

/**
 * A KDC for the realms of a database. Its only state is what it takes to tell a request that was sent again from a
 * replay.
 */
export function createKdc(options: KdcOptions): Kdc {
  const { database, realm, mechanisms = [encryptedTimestamp], log } = options;
  const clockskew = secondsOf('clockskew', options.clockskew, 300);
  const now = (): number => (options.now?.() ?? new Date()).getTime();
  // An authenticator is fresh from one skew before its time to one after it.
  const replays = new ReplayTable(2 * clockskew * 1000);
  const tickets = new TicketOpener(database);
  const logins = new Logins(database);
  const state: KdcState = { database, mechanisms, clockskew, replays, tickets, logins };
  const lookaside = new Lookaside();

  function handle(request: Uint8Array, peer?: Peer): Uint8Array | undefined {
    const type = exchangeTypes.find(({ tag }) => tag === request[0]);
    if (type === undefined) return undefined;
    const exchange: Exchange = { kdc: state, request, now: now(), peer };
    const label = lookaside.label(request);
    const known = label === undefined ? undefined : lookaside.find(label, request, exchange.now);
    if (known !== undefined) {
      log?.(`${type.kind} ${peer?.address ?? 'in-process'}: resent, answered as before`);
      return known;
    }
    let reply: Uint8Array;
    let refusal: Refusal | undefined;
    try {
      reply = type.answer(exchange);
      if (label !== undefined) lookaside.remember(label, request, reply, exchange.now);
    } catch (error) {
      refusal = toRefusal(error);
      reply = errorReply(refusal, { realm, ...exchange });
      const { account } = exchange;
      const counted = account !== undefined && logins.refused(account, refusal, exchange.now);
      // A repeated request that failed to authenticate counts as one failure. Other refusals are not remembered: they
      // cost little, and may not be permanent.
      if (counted && label !== undefined) lookaside.remember(label, request, reply, exchange.now);
    }
    log?.(logLine(type.kind, exchange, refusal));
    return reply;
  }

  return { realm, state, now, handle, failed: error => log?.(failureLine('KDC', error)) };
}
