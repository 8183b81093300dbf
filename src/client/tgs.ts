import { makeChecksum } from '../crypto/checksum.ts';
import { type Key, randomKey } from '../crypto/key.ts';
import { randomNonce } from '../crypto/random.ts';
import { ApReq, Authenticator } from '../messages/ap.ts';
import type { Credential } from '../messages/credential.ts';
import { KdcReqBody, TgsReq } from '../messages/kdc-req.ts';
import { isKrbError, KdcError, KrbError } from '../messages/krb-error.ts';
import { KU_TGS_REQ_AUTHENTICATOR, KU_TGS_REQ_CKSUM, PA_TGS_REQ } from '../messages/numbers.ts';
import { formatPrincipal, type Principal, toPrincipalName } from '../messages/principal.ts';
import { seal, toEncryptionKey, toKey } from '../messages/seal.ts';
import type { HostAddress, PaData } from '../messages/types.ts';
import { type ExchangeOptions, exchangeOf, shifted } from './options.ts';
import { openTgsReply } from './tgs-reply.ts';

/** What a TGS request asks for, besides the server. */
export interface TgsRequest {
  /** KDC options of RFC 4120 §5.4.1, see `flags.ts`. */
  readonly kdcOptions: number;
  /** The end wished for; the ticket-granting ticket's own if not given. */
  readonly till?: Date | undefined;
  readonly rtime?: Date | undefined;
  readonly from?: Date | undefined;
  readonly addresses?: readonly HostAddress[] | undefined;
}

/**
 * One TGS exchange (RFC 4120 §3.3): `tgt`, which may be any ticket that its issuer renews or validates, is presented to
 * the realm that issued it for; what comes back is checked as §3.3.4 demands. A KDC may answer with a ticket-granting
 * ticket of another realm where canonicalization was asked for. Throws KdcError, TransportError, and KerberosError
 * REPLY_MODIFIED, INTEGRITY, ENCTYPE_UNSUPPORTED.
 */
export async function exchangeTgs(
  tgt: Credential,
  server: Principal,
  request: TgsRequest,
  options: ExchangeOptions,
): Promise<Credential> {
  const exchange = exchangeOf(options);
  const sessionKey = toKey(tgt.key);
  const subkey = randomKey(sessionKey.etype);
  const body: KdcReqBody = {
    kdcOptions: request.kdcOptions,
    realm: server.realm,
    sname: toPrincipalName(server),
    from: request.from,
    till: request.till ?? tgt.endtime,
    rtime: request.rtime,
    nonce: randomNonce(),
    etype: exchange.enctypes,
    addresses: request.addresses?.length ? request.addresses : undefined,
  };
  const reqBody = KdcReqBody.encode(body);
  const now = shifted(exchange.clock, options.kdcOffset ?? 0);
  const message = TgsReq.encode({ padata: [tgsPadata(tgt, reqBody, { sessionKey, subkey, now })], reqBody });
  exchange.trace(
    `Sending TGS-REQ for ${formatPrincipal(server)} (${message.length} bytes) to ${server.realm}`,
  );
  const reply = await exchange.transport(server.realm, message, exchange.signal);
  if (isKrbError(reply)) {
    const error = new KdcError(KrbError.decode(reply));
    exchange.trace(`Received error from KDC: ${error.errorCode}/${error.message}`);
    throw error;
  }
  const credential = openTgsReply(reply, { body, tgt, server, subkey });
  exchange.trace(`Received ticket for ${formatPrincipal(credential.server)}`);
  return credential;
}

/** PA-TGS-REQ: the ticket and an authenticator over the body's checksum (RFC 4120 §7.2.1 and §5.4.1). */
function tgsPadata(
  tgt: Credential,
  reqBody: Uint8Array,
  { sessionKey, subkey, now }: { readonly sessionKey: Key; readonly subkey: Key; readonly now: Date },
): PaData {
  const authenticator = {
    crealm: tgt.client.realm,
    cname: toPrincipalName(tgt.client),
    cksum: makeChecksum(sessionKey, KU_TGS_REQ_CKSUM, reqBody),
    cusec: (now.getTime() % 1000) * 1000,
    ctime: now,
    subkey: toEncryptionKey(subkey),
  };
  const apReq = ApReq.encode({
    apOptions: 0,
    ticket: tgt.ticket,
    authenticator: seal(Authenticator, authenticator, sessionKey, KU_TGS_REQ_AUTHENTICATOR),
  });
  return { padataType: PA_TGS_REQ, padataValue: apReq };
}
