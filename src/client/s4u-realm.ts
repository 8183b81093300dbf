import { randomNonce } from '../crypto/random.ts';
import { KerberosError } from '../errors.ts';
import {
  KDC_ERR_C_PRINCIPAL_UNKNOWN,
  KDC_ERR_PREAUTH_FAILED,
  KDC_ERR_PREAUTH_REQUIRED,
  KDC_ERR_WRONG_REALM,
} from '../messages/error-codes.ts';
import { AsRep } from '../messages/kdc-rep.ts';
import { AsReq, KdcReqBody } from '../messages/kdc-req.ts';
import { isKrbError, KdcError, KrbError } from '../messages/krb-error.ts';
import { PA_REQ_ENC_PA_REP } from '../messages/numbers.ts';
import { formatPrincipal, type Principal, tgsPrincipal } from '../messages/principal.ts';
import { PA_S4U_X509_USER } from '../messages/s4u.ts';
import type { PaData } from '../messages/types.ts';
import { type ExchangeOptions, exchangeOf, shifted } from './options.ts';
import { tellKdcError } from './telling.ts';
import { asRequestBody } from './ticket-wishes.ts';

/** RFC 4120 §6.2; Active Directory takes an empty one to mean the owner of the certificate. */
const NT_X500_PRINCIPAL = 6;
const MAX_REFERRALS = 5;
/** The lifetime in seconds of a ticket that will not be used. */
const LIFETIME = 15;

/** A user whose realm is to be found: by an enterprise name, else by a certificate. */
export interface RealmlessUser {
  readonly name?: Principal | undefined;
  /** DER. */
  readonly certificate?: Uint8Array | undefined;
}

/**
 * The realm of a user. It is found by asking `realm`, and those that it refers to, for a ticket that nobody here could
 * open (MS-SFU 3.1.5.1.1.1). The answers are not authenticated: a wrong one leads to a KDC that does not know the user.
 * Throws KdcError, TransportError, and KerberosError KDC_ERROR for a user that nobody knows.
 */
export async function findUserRealm(
  { name, certificate }: RealmlessUser,
  realm: string,
  options: ExchangeOptions,
): Promise<string> {
  const padata: PaData[] = [{ padataType: PA_REQ_ENC_PA_REP, padataValue: new Uint8Array(0) }];
  if (name === undefined && certificate !== undefined) {
    padata.push({ padataType: PA_S4U_X509_USER, padataValue: certificate });
  }
  const wanted = name ?? { nameType: NT_X500_PRINCIPAL, components: [''], realm };
  const seen = new Set<string>();
  for (let asked = realm; ; ) {
    const client = { ...wanted, realm: asked };
    const answer = await askRealm(client, padata, options);
    if (typeof answer === 'string') return answer;
    const { crealm } = answer.reply;
    seen.add(asked);
    const refers = answer.errorCode === KDC_ERR_WRONG_REALM && crealm !== undefined && !seen.has(crealm);
    if (!refers || seen.size > MAX_REFERRALS) throw inWords(answer);
    asked = crealm;
    options.trace?.(`Following referral to realm ${asked}`, { kind: 'referral', realm: asked });
  }
}

/** The client's realm, or the KDC's error. */
async function askRealm(
  client: Principal,
  padata: readonly PaData[],
  options: ExchangeOptions,
): Promise<string | KdcError> {
  const exchange = exchangeOf(options);
  const { enctypes, clock, trace, transport, signal } = exchange;
  const now = shifted(clock, options.kdcOffset ?? 0);
  const facts = { client, server: tgsPrincipal(client.realm), enctypes, now, nonce: randomNonce() };
  const body = asRequestBody({ lifetime: LIFETIME, canonicalize: true }, facts);
  trace(`Asking ${client.realm} for the realm of ${formatPrincipal(client)}`);
  const request = AsReq.encode({ padata, reqBody: KdcReqBody.encode(body) });
  const reply = await transport(client.realm, request, signal);
  if (!isKrbError(reply)) return AsRep.decode(reply).crealm;
  const error = new KdcError(KrbError.decode(reply), 'KDC_ERROR', { client });
  tellKdcError(exchange, error, client.realm);
  const known = [KDC_ERR_PREAUTH_REQUIRED, KDC_ERR_PREAUTH_FAILED].includes(error.errorCode);
  return known ? client.realm : error;
}

function inWords(error: KdcError): KerberosError {
  if (error.errorCode !== KDC_ERR_C_PRINCIPAL_UNKNOWN) return error;
  return new KerberosError('KDC_ERROR', error.message, { cause: error });
}
