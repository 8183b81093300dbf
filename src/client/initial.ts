import { prepareRandom, randomNonce } from '../crypto/random.ts';
import type { Credential } from '../messages/credential.ts';
import { KDC_ERR_PREAUTH_EXPIRED, KDC_ERR_WRONG_REALM } from '../messages/error-codes.ts';
import { AsReq, type KdcReqBody } from '../messages/kdc-req.ts';
import { isKrbError, KdcError, KrbError } from '../messages/krb-error.ts';
import { NT_ENTERPRISE, PA_AS_FRESHNESS, PA_PAC_REQUEST, PA_REQ_ENC_PA_REP } from '../messages/numbers.ts';
import { PaPacRequest } from '../messages/preauth-data.ts';
import { type Principal, tgsPrincipal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';
import { type Armor, noArmor } from '../preauth/armor.ts';
import { type AsReplyFacts, openAsReply } from './as-reply.ts';
import { AsState, type PreauthWishes } from './as-state.ts';
import { type Exchange, type ExchangeOptions, exchangeOf, recounted, unlessAborted } from './options.ts';
import { type ClientKeys, clientKeys, readOnce, type Secret } from './secret.ts';
import { tellKdcError, tellRequest } from './telling.ts';
import type { ArmorSource } from './ticket-armor.ts';
import { asRequestBody, type TicketWishes } from './ticket-wishes.ts';

export interface InitialOptions extends ExchangeOptions, TicketWishes, PreauthWishes {
  /** The service to get a ticket for; the ticket-granting service of the realm if not given. */
  readonly server?: Principal | undefined;
  /** Whether to ask for a PAC or for none; the KDC decides if not given. */
  readonly pac?: boolean | undefined;
  /** Whether to follow the KDC's clock where ours differs; true if not given. */
  readonly kdcTimesync?: boolean | undefined;
  /** Protects the exchange with FAST (RFC 6113 §5.4); a KDC that does not use it in its reply is refused. */
  readonly armor?: ArmorSource | undefined;
}

/** The result of an AS exchange. */
export interface InitialResult extends AsReplyFacts {
  readonly credential: Credential;
  /** The type of the pre-authentication data that the KDC accepted, if it asked for any. */
  readonly padataType: number | undefined;
  /** What the cache is to record about the ticket, by key: `pa_type`, and the notes of the mechanism. */
  readonly notes: ReadonlyMap<string, string>;
}

/** Enough for every step of a mechanism; a KDC that wants more makes no progress. */
const MAX_ROUNDS = 12;
const MAX_REFERRALS = 5;

/**
 * The AS exchange (RFC 4120 §3.1): a ticket for `server` with a password or a keytab. It starts without
 * pre-authentication and lets the KDC say what it wants. Throws KdcError, TransportError, and KerberosError
 * PASSWORD_INCORRECT, PREAUTH_FAILED, PKINIT_IDENTITY, KDC_NOT_TRUSTED, FAST_REQUIRED, REPLY_MODIFIED, REPLY_SKEW, KEYTAB_NO_KEY, ENCTYPE_UNSUPPORTED,
 * S2K_PARAMS and CODEC; with an armor also what is wrong with its cache.
 */
export function getInitialCredential(
  client: Principal,
  secret: Secret,
  options: InitialOptions,
): Promise<InitialResult> {
  return recounted(options, recording => askRealms(client, secret, recording));
}

async function askRealms(client: Principal, secret: Secret, all: InitialOptions): Promise<InitialResult> {
  // Who refers the client elsewhere may be anybody.
  const options = all.forbidsTimestamp?.(client.realm) ? { ...all, forbidsTimestamp: () => true } : all;
  const exchange = exchangeOf(options);
  const known = readOnce(secret);
  const mayRefer = options.canonicalize === true || client.nameType === NT_ENTERPRISE;
  const seen = new Set<string>();
  let begunAnew = false;
  for (let asking = client; ; ) {
    const outcome = await askRealm(asking, clientKeys(known, asking, exchange.trace), exchange, options);
    if ('credential' in outcome) return outcome;
    if (outcome.errorCode === KDC_ERR_PREAUTH_EXPIRED) {
      if (begunAnew) throw outcome;
      begunAnew = true;
      continue;
    }
    const { crealm } = outcome.reply;
    seen.add(asking.realm);
    if (!mayRefer || !crealm || seen.has(crealm) || seen.size > MAX_REFERRALS) throw outcome;
    exchange.trace(`Following client referral to realm ${crealm}`, { kind: 'referral', realm: crealm });
    asking = { ...asking, realm: crealm };
  }
}

/**
 * One conversation with the KDC of one realm, to its end; a KdcError that is returned means that another is needed,
 * with another realm or from the beginning.
 */
async function askRealm(
  client: Principal,
  keys: ClientKeys,
  exchange: Exchange,
  options: InitialOptions,
): Promise<InitialResult | KdcError> {
  const server = options.server ?? tgsPrincipal(client.realm);
  const enctypes = keys.order(exchange.enctypes);
  const armor = options.armor === undefined ? noArmor : await armorOf(options.armor, client.realm, options);
  const makeBody = (now: Date): KdcReqBody =>
    asRequestBody(options, { client, server, enctypes, now, nonce: randomNonce() });
  const state = new AsState({ client, keys, enctypes, armor, wishes: options, makeBody }, exchange);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const answers = await unlessAborted(() => state.padata(), exchange, client.realm);
    const padata = [...answers, ...constantPadata(options)];
    const { body, reqBody } = state.request();
    const outerBody = armor.outerBody(body, reqBody);
    const request = AsReq.encode({ padata: armor.seal({ padata, reqBody }, outerBody), reqBody: outerBody });
    const fast = armor.key !== undefined;
    tellRequest(exchange.trace, { message: 'AS-REQ', client, server, body, bytes: request.length, fast });
    const replying = exchange.transport(client.realm, request, exchange.signal);
    if (round === 0) setImmediate(prepareRandom);
    const reply = await replying;
    if (!isKrbError(reply)) {
      const opening = () => openAsReply({ body, armor, request, reply }, state, options);
      const opened = await unlessAborted(opening, exchange, client.realm);
      return { ...opened, padataType: state.mechanism?.padataType, notes: state.notes };
    }
    const refusal = armor.openError(KrbError.decode(reply), body.nonce);
    const error = new KdcError(refusal, 'KDC_ERROR', { client, server });
    tellKdcError(exchange, error, client.realm);
    if ([KDC_ERR_WRONG_REALM, KDC_ERR_PREAUTH_EXPIRED].includes(error.errorCode)) return error;
    state.hear(error);
  }
  throw state.rejected();
}

/** The armor; FAST is loaded here, because few exchanges need it. */
async function armorOf(source: ArmorSource, realm: string, options: InitialOptions): Promise<Armor> {
  const { ticketArmor } = await import('./ticket-armor.ts');
  return ticketArmor(source, realm, options);
}

/** What every request carries, whatever the KDC asks for. */
function constantPadata(options: InitialOptions): readonly PaData[] {
  const padata: PaData[] = [{ padataType: PA_REQ_ENC_PA_REP, padataValue: new Uint8Array(0) }];
  // RFC 8070 §2.1: this requests a freshness token.
  if (options.pkinit !== undefined) {
    padata.push({ padataType: PA_AS_FRESHNESS, padataValue: new Uint8Array(0) });
  }
  if (options.pac !== undefined) {
    padata.push({
      padataType: PA_PAC_REQUEST,
      padataValue: PaPacRequest.encode({ includePac: options.pac }),
    });
  }
  return padata;
}
