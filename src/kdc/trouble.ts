import { CodecError } from '../errors.ts';
import { KDC_ERR_ETYPE_NOSUPP, KRB_ERR_RESPONSE_TOO_BIG } from '../messages/error-codes.ts';
import { AsReq, KdcReqBody, TgsReq } from '../messages/kdc-req.ts';
import { toPrincipal } from '../messages/principal.ts';
import { secondsOf } from '../messages/seconds.ts';
import type { PrincipalDatabase } from './database.ts';
import { errorReply } from './error-reply.ts';
import type { Responder } from './kdc.ts';
import { Refusal } from './refusal.ts';
import { type AccountTrouble, withTroubledAccounts } from './trouble/accounts.ts';

/** Deliberate trouble, for testing clients. */
export interface Trouble extends AccountTrouble {
  /** Seconds by which the KDC's clock is fast, or slow if negative. */
  readonly clockSkew?: number | undefined;
  /** Seconds by which every reply is delayed. */
  readonly delay?: number | undefined;
  /** How many of the next requests get no reply. */
  readonly drop?: number | undefined;
  /** The number of requests after which the KDC disappears. */
  readonly dieAfter?: number | undefined;
  /** Hosts of this domain are referred in circles; can only be set at the start. */
  readonly referralLoop?: string | undefined;
  /** Whether every reply is too big for a datagram. */
  readonly tooBig?: boolean | undefined;
  /** Whether the KDC supports none of the enctypes that clients ask for. */
  readonly wrongEnctype?: boolean | undefined;
}

/** What the effect on a request depends on. */
interface Ask {
  /** The number of requests since the trouble began, including this one. */
  readonly count: number;
  readonly isDatagram: boolean;
}

type Effect = Refusal | 'silence' | 'death' | undefined;

/** The effect of each kind of trouble on a request; those of clock, delay, accounts and realms have none. */
const effects: {
  readonly [K in keyof Trouble]?: (value: NonNullable<Trouble[K]>, ask: Ask) => Effect;
} = {
  dieAfter: (most, { count }) => (count > most ? 'death' : undefined),
  drop: (most, { count }) => (count <= most ? 'silence' : undefined),
  tooBig: (on, { isDatagram }) =>
    on && isDatagram ? new Refusal(KRB_ERR_RESPONSE_TOO_BIG, 'RESPONSE_TOO_BIG') : undefined,
  wrongEnctype: on => (on ? new Refusal(KDC_ERR_ETYPE_NOSUPP, 'BAD_ENCRYPTION_TYPE') : undefined),
};

/** Makes trouble, and controls the clock. */
export interface Troublemaker {
  /** The KDC's clock. */
  now(): Date;
  /** Advances the KDC's clock without waiting; sets it back if negative. */
  advance(seconds: number): void;
  /** Replaces the current trouble, by none if nothing is given. Requests are counted from zero again. */
  cause(trouble?: Trouble): void;
  /** The database as the KDC and its services are to see it. */
  accounts<D extends PrincipalDatabase>(database: D): D;
  /** A responder that causes the trouble for another one. */
  around(responder: Responder): Responder;
}

interface TroubleOptions {
  /** The clock to start from; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  readonly trouble?: Trouble | undefined;
  /** Called before each request for the argument of `cause`; undefined leaves the trouble as it is. */
  readonly nextTrouble?: (() => Trouble | undefined) | undefined;
  /** Called when the KDC is to disappear. */
  readonly onDeath: () => void;
}

/** Makes trouble for one KDC. */
export function createTroublemaker({
  now = () => new Date(),
  trouble = {},
  nextTrouble,
  onDeath,
}: TroubleOptions): Troublemaker {
  let current = checked(trouble);
  let isIdle = Object.keys(current).length === 0;
  let count = 0;
  let ahead = 0;

  function effectOf(ask: Ask): Effect {
    for (const name of Object.keys(effects) as (keyof typeof effects)[]) {
      const effect = effects[name] as ((value: unknown, ask: Ask) => Effect) | undefined;
      const found = current[name] === undefined ? undefined : effect?.(current[name], ask);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function cause(next: Trouble = {}): void {
    current = checked(next);
    isIdle = Object.keys(next).length === 0;
    count = 0;
  }

  return {
    now: () => new Date(now().getTime() + 1000 * (ahead + (current.clockSkew ?? 0))),
    advance(seconds) {
      ahead += secondsOf('the time to advance', seconds, 0);
    },
    cause,
    accounts: database => withTroubledAccounts(database, () => current),
    around: responder => ({
      ...responder,
      delay: () => 1000 * (current.delay ?? 0),
      handle(request, peer) {
        const next = nextTrouble?.();
        if (next !== undefined) cause(next);
        if (isIdle) return responder.handle(request, peer);
        const effect = effectOf({ count: ++count, isDatagram: peer?.transport === 'udp' });
        if (effect === 'death') onDeath();
        if (effect === 'death' || effect === 'silence') return undefined;
        return effect === undefined
          ? responder.handle(request, peer)
          : refusalReply(effect, bodyOf(request), responder);
      },
    }),
  };
}

/** Throws TypeError for seconds such as `1h`, and for a name in place of a list: neither would cause what is meant. */
function checked(trouble: Trouble): Trouble {
  secondsOf('clockSkew', trouble.clockSkew, 0);
  secondsOf('delay', trouble.delay, 0);
  const { revoked, expired, passwordExpired } = trouble;
  for (const [name, list] of Object.entries({ revoked, expired, passwordExpired })) {
    if (list !== undefined && !Array.isArray(list)) throw new TypeError(`${name} is a list of names`);
  }
  return trouble;
}

function bodyOf(request: Uint8Array): KdcReqBody | undefined {
  try {
    if (request[0] === AsReq.tags[0]) return KdcReqBody.decode(AsReq.decode(request).reqBody);
    return request[0] === TgsReq.tags[0] ? KdcReqBody.decode(TgsReq.decode(request).reqBody) : undefined;
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

function refusalReply(refusal: Refusal, body: KdcReqBody | undefined, responder: Responder): Uint8Array {
  const client = body?.cname && toPrincipal(body.cname, body.realm);
  const facts = { now: responder.now(), realm: responder.realm };
  return errorReply(refusal, { ...facts, ...(body && { body }), ...(client && { client }) });
}
