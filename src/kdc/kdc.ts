import { AsReq, TgsReq } from '../messages/kdc-req.ts';
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
  /** The realm that signs errors to requests that name none. */
  readonly realm: string;
  /** How clients may pre-authenticate, best first, as `loadMechanisms` brings it; by encrypted timestamp if not given. */
  readonly mechanisms?: readonly KdcPreauth[] | undefined;
  /** The KDC's clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /** Seconds that a client's clock may differ; 300 if not given. */
  readonly clockskew?: number | undefined;
  /** Told of each request in one line, as krb5kdc writes it, without secrets. */
  readonly log?: ((line: string) => void) | undefined;
}

/** What answers messages: bytes in, bytes out. */
export interface Responder {
  /** The realm that signs errors to requests that name none. */
  readonly realm: string;
  /** Its clock, in milliseconds. */
  now(): number;
  /** The reply to a request, KRB-ERROR where it is refused; undefined for what is no request and gets no reply. */
  handle(request: Uint8Array, peer?: Peer): Uint8Array | undefined;
  /** Told of what a request brought about that has no answer. */
  failed?(error: unknown): void;
  /** Milliseconds that the next reply is held back; none if not given. */
  delay?(): number;
}

/** A KDC. */
export interface Kdc extends Responder {
  /** What its exchanges share, for services beside it. */
  readonly state: KdcState;
}

/** Which exchange a request begins, by its first octet. */
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

/** A KDC for the realms of a database. It keeps nothing but what it needs to tell a resent request from a replay. */
export function createKdc(options: KdcOptions): Kdc {
  const { database, realm, mechanisms = [encryptedTimestamp], clockskew = 300, log } = options;
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
      // A failure that was sent again is still one. Other refusals are not kept: they cost little, and may not last.
      if (counted && label !== undefined) lookaside.remember(label, request, reply, exchange.now);
    }
    log?.(logLine(type.kind, exchange, refusal));
    return reply;
  }

  return { realm, state, now, handle, failed: error => log?.(failureLine('KDC', error)) };
}
