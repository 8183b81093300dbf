import { randomNonce } from '../crypto/random.ts';
import { KerberosError } from '../errors.ts';
import { KDC_ERR_ETYPE_NOSUPP, KDC_ERR_PREAUTH_REQUIRED } from '../messages/error-codes.ts';
import { AsRep } from '../messages/kdc-rep.ts';
import { AsReq, KdcReqBody } from '../messages/kdc-req.ts';
import { isKrbError, KdcError, KrbError } from '../messages/krb-error.ts';
import { type Principal, tgsPrincipal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';
import { findHints, type KeyHints } from '../preauth/hints.ts';
import { methodData } from './method-data.ts';
import { type Exchange, type ExchangeOptions, exchangeOf, recounted } from './options.ts';
import { tellKdcError, tellRequest } from './telling.ts';
import { asRequestBody } from './ticket-wishes.ts';

/** What `askKeyHints` is given. */
export interface KeyHintsOptions extends ExchangeOptions {
  /** Those of the keys; `enctypes` if not given. */
  readonly keyEnctypes?: readonly number[] | undefined;
}

/**
 * How the KDC derives each of a client's keys from the password, in the order of `keyEnctypes`, for the keys that exist:
 * it says so in answer to an AS-REQ without pre-authentication (RFC 4120 §5.2.7.4). The answer is not authenticated.
 * Throws KdcError, TransportError, and KerberosError ENCTYPE_UNSUPPORTED if there is no key of these enctypes, and
 * CODEC.
 */
export function askKeyHints(client: Principal, options: KeyHintsOptions): Promise<readonly KeyHints[]> {
  return recounted(options, async recording => {
    const exchange = exchangeOf(recording);
    const { keyEnctypes = exchange.enctypes } = options;
    const askFor = (etypes: readonly number[]): Promise<Answer | undefined> =>
      // A KDC refuses a request without an enctype for the session key, which need not be one of the client's key.
      ask(client, [...new Set([...etypes, ...exchange.enctypes])], exchange);
    const answer = await askFor(keyEnctypes);
    const hints = hintsIn(answer, keyEnctypes, client);
    // MIT's KDC describes only the key that it would use, and so does any KDC that issues a ticket at once.
    const untold = keyEnctypes.filter(etype => !hints.some(hint => hint.etype === etype));
    for (const etype of answer === undefined || keyEnctypes.length === 1 ? [] : untold) {
      hints.push(...hintsIn(await askFor([etype]), [etype], client));
    }
    if (hints.length === 0) {
      throw new KerberosError('ENCTYPE_UNSUPPORTED', 'KDC has no support for encryption type');
    }
    return hints.sort((a, b) => keyEnctypes.indexOf(a.etype) - keyEnctypes.indexOf(b.etype));
  });
}

interface Answer {
  readonly padata: readonly PaData[];
  /** The enctype of the key that seals the reply, if it is an AS-REP. */
  readonly etype: number | undefined;
}

/** Undefined if the KDC has no key of these enctypes. */
async function ask(
  client: Principal,
  enctypes: readonly number[],
  exchange: Exchange,
): Promise<Answer | undefined> {
  const server = tgsPrincipal(client.realm);
  const nonce = randomNonce();
  const body = asRequestBody({}, { client, server, enctypes, now: exchange.clock(), nonce });
  const request = AsReq.encode({ padata: [], reqBody: KdcReqBody.encode(body) });
  tellRequest(exchange.trace, {
    message: 'AS-REQ',
    client,
    server,
    body,
    bytes: request.length,
    fast: false,
  });
  const reply = await exchange.transport(client.realm, request, exchange.signal);
  if (!isKrbError(reply)) {
    const { padata = [], encPart } = AsRep.decode(reply);
    return { padata, etype: encPart.etype };
  }
  const error = new KdcError(KrbError.decode(reply), 'KDC_ERROR', { client, server });
  tellKdcError(exchange, error, client.realm);
  if (error.errorCode === KDC_ERR_ETYPE_NOSUPP) return undefined;
  if (error.errorCode !== KDC_ERR_PREAUTH_REQUIRED) throw error;
  return { padata: methodData(error), etype: undefined };
}

function hintsIn(answer: Answer | undefined, enctypes: readonly number[], client: Principal): KeyHints[] {
  if (answer === undefined) return [];
  const { padata, etype } = answer;
  const acceptable = etype === undefined ? enctypes : enctypes.filter(other => other === etype);
  return acceptable.flatMap(each => findHints(padata, [each], { client, etype }) ?? []);
}
