import { prepareRandom, randomNonce } from '../crypto/random.ts';
import type { Credential } from '../messages/credential.ts';
import { KDC_ERR_WRONG_REALM } from '../messages/error-codes.ts';
import { AsReq, KdcReqBody } from '../messages/kdc-req.ts';
import { isKrbError, KdcError, KrbError } from '../messages/krb-error.ts';
import { NT_ENTERPRISE, PA_PAC_REQUEST, PA_REQ_ENC_PA_REP } from '../messages/numbers.ts';
import { PaPacRequest } from '../messages/preauth-data.ts';
import { formatPrincipal, type Principal, tgsPrincipal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';
import { type AsReplyFacts, openAsReply } from './as-reply.ts';
import { AsState } from './as-state.ts';
import { type Exchange, type ExchangeOptions, exchangeOf } from './options.ts';
import { type ClientKeys, clientKeys, readOnce, type Secret } from './secret.ts';
import { asRequestBody, type TicketWishes } from './ticket-wishes.ts';

export interface InitialOptions extends ExchangeOptions, TicketWishes {
  /** The service to get a ticket for; the realm's ticket-granting service if not given. */
  readonly server?: Principal | undefined;
  /** Asks for a PAC, or for none; says nothing if not given. */
  readonly pac?: boolean | undefined;
  /** Whether to go by the KDC's clock where ours differs; true if not given. */
  readonly kdcTimesync?: boolean | undefined;
}

/** What an AS exchange brings. */
export interface InitialResult extends AsReplyFacts {
  readonly credential: Credential;
  /** The type of the pre-authentication data that the KDC accepted, if it asked for any. */
  readonly padataType: number | undefined;
}

/** Enough for every step of a mechanism; a KDC that wants more is not getting anywhere. */
const MAX_ROUNDS = 12;
const MAX_REFERRALS = 5;

/**
 * The AS exchange (RFC 4120 §3.1): a ticket for `server` with a password or a keytab. It starts without
 * pre-authentication and lets the KDC say what it wants. Throws KdcError, TransportError, and KerberosError
 * PASSWORD_INCORRECT, PREAUTH_FAILED, REPLY_MODIFIED, REPLY_SKEW, KEYTAB_NO_KEY, ENCTYPE_UNSUPPORTED, S2K_PARAMS and
 * CODEC.
 */
export async function getInitialCredential(
  client: Principal,
  secret: Secret,
  options: InitialOptions,
): Promise<InitialResult> {
  const exchange = exchangeOf(options);
  const known = readOnce(secret);
  const mayRefer = options.canonicalize === true || client.nameType === NT_ENTERPRISE;
  const seen = new Set<string>();
  for (let asking = client; ; ) {
    const outcome = await askRealm(asking, clientKeys(known, asking), exchange, options);
    if ('credential' in outcome) return outcome;
    const { crealm } = outcome.reply;
    seen.add(asking.realm);
    if (!mayRefer || !crealm || seen.has(crealm) || seen.size > MAX_REFERRALS) throw outcome;
    exchange.trace(`Following client referral to realm ${crealm}`);
    asking = { ...asking, realm: crealm };
  }
}

/** Asks one realm, to the end; the KdcError that is returned says that another realm is to be asked. */
async function askRealm(
  client: Principal,
  keys: ClientKeys,
  exchange: Exchange,
  options: InitialOptions,
): Promise<InitialResult | KdcError> {
  const server = options.server ?? tgsPrincipal(client.realm);
  const enctypes = keys.order(exchange.enctypes);
  const state = new AsState(client, keys, enctypes, exchange);
  let padata: readonly PaData[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const body = asRequestBody(options, {
      client,
      server,
      enctypes,
      now: state.now(),
      nonce: randomNonce(),
    });
    const reqBody = KdcReqBody.encode(body);
    const request = AsReq.encode({ padata: [...padata, ...constantPadata(options)], reqBody });
    exchange.trace(
      `Sending AS-REQ for ${formatPrincipal(client)} (${request.length} bytes) to ${client.realm}`,
    );
    const replying = exchange.transport(client.realm, request, exchange.signal);
    if (round === 0) setImmediate(prepareRandom);
    const reply = await replying;
    if (!isKrbError(reply)) {
      const opened = await openAsReply({ body, request, reply }, state, options);
      return { ...opened, padataType: state.mechanism?.padataType };
    }
    const error = new KdcError(KrbError.decode(reply));
    exchange.trace(`Received error from KDC: ${error.errorCode}/${error.message}`);
    if (error.errorCode === KDC_ERR_WRONG_REALM) return error;
    padata = await state.answer(error);
  }
  throw keys.rejected();
}

/** What every request carries, whatever the KDC asks for. */
function constantPadata(options: InitialOptions): readonly PaData[] {
  const padata: PaData[] = [{ padataType: PA_REQ_ENC_PA_REP, padataValue: new Uint8Array(0) }];
  if (options.pac !== undefined) {
    padata.push({
      padataType: PA_PAC_REQUEST,
      padataValue: PaPacRequest.encode({ includePac: options.pac }),
    });
  }
  return padata;
}
