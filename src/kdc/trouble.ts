import { CodecError } from '../errors.ts';
import {
  KDC_ERR_CLIENT_REVOKED,
  KDC_ERR_ETYPE_NOSUPP,
  KDC_ERR_KEY_EXPIRED,
  KDC_ERR_NAME_EXP,
  KDC_ERR_SERVICE_EXP,
  KDC_ERR_SERVICE_REVOKED,
  KRB_ERR_RESPONSE_TOO_BIG,
} from '../messages/error-codes.ts';
import { AsReq, KdcReqBody, TgsReq } from '../messages/kdc-req.ts';
import { formatPrincipal, type Principal, toPrincipal } from '../messages/principal.ts';
import { errorReply } from './error-reply.ts';
import type { Responder } from './kdc.ts';
import { Refusal } from './refusal.ts';

/** Deliberate trouble, for testing clients. */
export interface Trouble {
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
  /** Locked principals, as text. */
  readonly revoked?: readonly string[] | undefined;
  /** Principals whose account has expired. */
  readonly expired?: readonly string[] | undefined;
  /** Users whose password has expired. */
  readonly passwordExpired?: readonly string[] | undefined;
}

/** The readable parts of a request. */
interface Ask {
  /** The number of requests since the trouble began, including this one. */
  readonly count: number;
  readonly isDatagram: boolean;
  readonly body: KdcReqBody | undefined;
  readonly client: Principal | undefined;
  readonly server: Principal | undefined;
  readonly isPasswordChange: boolean;
}

type Effect = Refusal | 'silence' | 'death' | undefined;

/** The effect of each kind of trouble on a request; those of clock, delay and realms have none. */
const effects: {
  readonly [K in keyof Trouble]?: (value: NonNullable<Trouble[K]>, ask: Ask) => Effect;
} = {
  dieAfter: (most, { count }) => (count > most ? 'death' : undefined),
  drop: (most, { count }) => (count <= most ? 'silence' : undefined),
  tooBig: (on, { isDatagram }) =>
    on && isDatagram ? new Refusal(KRB_ERR_RESPONSE_TOO_BIG, 'RESPONSE_TOO_BIG') : undefined,
  wrongEnctype: on => (on ? new Refusal(KDC_ERR_ETYPE_NOSUPP, 'BAD_ENCRYPTION_TYPE') : undefined),
  revoked(names, { client, server }) {
    if (isAmong(client, names)) return new Refusal(KDC_ERR_CLIENT_REVOKED, 'CLIENT_LOCKED_OUT');
    return isAmong(server, names) ? new Refusal(KDC_ERR_SERVICE_REVOKED, 'SERVICE_LOCKED_OUT') : undefined;
  },
  expired(names, { client, server }) {
    if (isAmong(client, names)) return new Refusal(KDC_ERR_NAME_EXP, 'CLIENT_EXPIRED');
    return isAmong(server, names) ? new Refusal(KDC_ERR_SERVICE_EXP, 'SERVICE_EXPIRED') : undefined;
  },
  passwordExpired: (names, { client, isPasswordChange }) =>
    !isPasswordChange && isAmong(client, names)
      ? new Refusal(KDC_ERR_KEY_EXPIRED, 'CLIENT_KEY_EXPIRED')
      : undefined,
};

/** Makes trouble, and controls the clock. */
export interface Troublemaker {
  /** The KDC's clock. */
  now(): Date;
  /** Advances the KDC's clock without waiting; sets it back if negative. */
  advance(seconds: number): void;
  /** Replaces the current trouble, by none if nothing is given. Requests are counted from zero again. */
  cause(trouble?: Trouble): void;
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
  let current = trouble;
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
    current = next;
    isIdle = Object.keys(next).length === 0;
    count = 0;
  }

  return {
    now: () => new Date(now().getTime() + 1000 * (ahead + (current.clockSkew ?? 0))),
    advance(seconds) {
      ahead += seconds;
    },
    cause,
    around: responder => ({
      ...responder,
      delay: () => 1000 * (current.delay ?? 0),
      handle(request, peer) {
        const next = nextTrouble?.();
        if (next !== undefined) cause(next);
        if (isIdle) return responder.handle(request, peer);
        const ask = askOf(bodyOf(request), { count: ++count, isDatagram: peer?.transport === 'udp' });
        const effect = effectOf(ask);
        if (effect === 'death') onDeath();
        if (effect === 'death' || effect === 'silence') return undefined;
        return effect === undefined ? responder.handle(request, peer) : refusalReply(effect, ask, responder);
      },
    }),
  };
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

function askOf(body: KdcReqBody | undefined, facts: Pick<Ask, 'count' | 'isDatagram'>): Ask {
  const server = body?.sname && toPrincipal(body.sname, body.realm);
  return {
    ...facts,
    body,
    client: body?.cname && toPrincipal(body.cname, body.realm),
    server,
    isPasswordChange: server?.components.join('/') === 'kadmin/changepw',
  };
}

function refusalReply(refusal: Refusal, { body, client }: Ask, responder: Responder): Uint8Array {
  const facts = { now: responder.now(), realm: responder.realm };
  return errorReply(refusal, { ...facts, ...(body && { body }), ...(client && { client }) });
}

function isAmong(principal: Principal | undefined, names: readonly string[]): boolean {
  if (principal === undefined) return false;
  return (
    names.includes(formatPrincipal(principal)) || names.includes(formatPrincipal(principal, { realm: false }))
  );
}
