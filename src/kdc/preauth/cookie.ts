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

/** Enough to find the password and type it: clients ask for it when they have the challenge. */
export const MAX_COOKIE_AGE_MS = 600_000;

const Cookie = sequence('Cookie', {
  made: explicit(0, KerberosTime),
  crealm: explicit(1, Realm),
  cname: explicit(2, PrincipalName),
  padataType: explicit(3, Int32),
  state: explicit(4, OctetString),
});
type Cookie = ValueOf<typeof Cookie>;

/** The PA-FX-COOKIE that brings back `state` with the client's next message (RFC 6113 §5.2): the KDC keeps nothing. */
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

/** What a client has brought back, and as it was sealed, by which one cookie is told from another. */
interface OpenedCookie {
  readonly state: Uint8Array;
  readonly sealed: EncryptedData;
}

/**
 * The state that a mechanism gave this client to carry; undefined where the request brings none of ours. Throws `Refusal`
 * with KDC_ERR_PREAUTH_EXPIRED where it was made too long ago: the client then begins anew.
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
