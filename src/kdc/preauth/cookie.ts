import type { ValueOf } from '../../codec/codec.ts';
import { Int32, OctetString } from '../../codec/der/primitives.ts';
import { explicit, sequence } from '../../codec/der/schema.ts';
import { KDC_ERR_PREAUTH_EXPIRED } from '../../messages/error-codes.ts';
import { KU_PA_FX_COOKIE, PA_FX_COOKIE } from '../../messages/numbers.ts';
import { samePrincipal, toPrincipal, toPrincipalName } from '../../messages/principal.ts';
import { type EncryptedData, KerberosTime, type PaData, PrincipalName, Realm } from '../../messages/types.ts';
import { wholeSeconds } from '../exchange.ts';
import { refuse } from '../refusal.ts';
import type { PreauthRequest } from './mechanism.ts';
import { openForRealm, sealForRealm } from './realm-seal.ts';

/** Enough to look up the password and type it: clients ask for it after they have received the challenge. */
export const MAX_COOKIE_AGE_MS = 600_000;

const Cookie = sequence('Cookie', {
  made: explicit(0, KerberosTime),
  crealm: explicit(1, Realm),
  cname: explicit(2, PrincipalName),
  padataType: explicit(3, Int32),
  state: explicit(4, OctetString),
});
type Cookie = ValueOf<typeof Cookie>;

/**
 * A PA-FX-COOKIE with which the client's next message returns `state` (RFC 6113 §5.2), so that the KDC need not keep
 * it.
 */
export function sealCookie(padataType: number, state: Uint8Array, request: PreauthRequest): PaData {
  const { exchange, client } = request;
  const cookie: Cookie = {
    made: new Date(wholeSeconds(exchange)),
    crealm: client.principal.realm,
    cname: toPrincipalName(client.principal),
    padataType,
    state,
  };
  return { padataType: PA_FX_COOKIE, padataValue: sealForRealm(Cookie, cookie, KU_PA_FX_COOKIE, request) };
}

/** The state that a client has returned, and its sealed form, which identifies the cookie. */
interface OpenedCookie {
  readonly state: Uint8Array;
  readonly sealed: EncryptedData;
}

/**
 * The state that a mechanism gave to this client; undefined if the request has no cookie of ours. Throws `Refusal` with
 * KDC_ERR_PREAUTH_EXPIRED if it is too old: the client then starts again.
 */
export function openCookie(padataType: number, request: PreauthRequest): OpenedCookie | undefined {
  const sent = request.padata.find(entry => entry.padataType === PA_FX_COOKIE);
  const opened = sent && openForRealm(Cookie, sent.padataValue, KU_PA_FX_COOKIE, request);
  if (opened === undefined) return undefined;
  const { value: cookie, sealed } = opened;
  if (cookie.padataType !== padataType) return undefined;
  if (!samePrincipal(toPrincipal(cookie.cname, cookie.crealm), request.client.principal)) return undefined;
  const age = request.exchange.now - cookie.made.getTime();
  if (age < -request.exchange.kdc.clockskew * 1000 || age > MAX_COOKIE_AGE_MS) {
    refuse(KDC_ERR_PREAUTH_EXPIRED, 'PREAUTH_EXPIRED');
  }
  return { state: cookie.state, sealed };
}
