import { makeChecksum } from '../crypto/checksum.ts';
import { type Key, randomKey } from '../crypto/key.ts';
import { randomNonce } from '../crypto/random.ts';
import type { Credential } from '../messages/credential.ts';
import { KdcReqBody, TgsReq } from '../messages/kdc-req.ts';
import { isKrbError, KdcError, KrbError } from '../messages/krb-error.ts';
import { KU_TGS_REQ_AUTHENTICATOR, KU_TGS_REQ_CKSUM, PA_TGS_REQ } from '../messages/numbers.ts';
import { formatPrincipal, type Principal, toPrincipalName } from '../messages/principal.ts';
import { readyKey } from '../messages/ready-key.ts';
import type { HostAddress } from '../messages/types.ts';
import { type Armor, noArmor } from '../preauth/armor.ts';
import { type ExchangeOptions, exchangeOf, recounted, shifted } from './options.ts';
import { presentTicket } from './present-ticket.ts';
import type { OnBehalf } from './s4u-behalf.ts';
import { enctypeText, tellKdcError, tellRequest } from './telling.ts';
import { openTgsReply } from './tgs-reply.ts';

/** What a TGS request asks for, besides the server. */
export interface TgsRequest {
  /** The KDC options of RFC 4120 §5.4.1, see `flags.ts`. */
  readonly kdcOptions: number;
  /** The requested end; that of the ticket-granting ticket if not given. */
  readonly till?: Date | undefined;
  readonly rtime?: Date | undefined;
  readonly from?: Date | undefined;
  readonly addresses?: readonly HostAddress[] | undefined;
  /** Whether the realm uses FAST: the ticket then armors the request, too (RFC 6113 §5.4.2). */
  readonly fast?: boolean | undefined;
  /** The DER of tickets that the KDC options refer to. */
  readonly additionalTickets?: readonly Uint8Array[] | undefined;
  /** Absent if the ticket is for the client of the ticket-granting ticket. */
  readonly onBehalf?: OnBehalf | undefined;
}

/**
 * One TGS exchange (RFC 4120 §3.3): presents `tgt` to the realm that it is for, and checks the reply as §3.3.4 demands.
 * For renewal and validation, `tgt` may be any ticket. If canonicalization was asked for, a KDC may answer with a
 * ticket-granting ticket of another realm. Throws KdcError, TransportError, and KerberosError REPLY_MODIFIED,
 * INTEGRITY, ENCTYPE_UNSUPPORTED.
 */
export function exchangeTgs(
  tgt: Credential,
  server: Principal,
  request: TgsRequest,
  options: ExchangeOptions,
): Promise<Credential> {
  return recounted(options, recording => askTgs(tgt, server, request, recording));
}

async function askTgs(
  tgt: Credential,
  server: Principal,
  request: TgsRequest,
  options: ExchangeOptions,
): Promise<Credential> {
  const exchange = exchangeOf(options);
  const sessionKey = readyKey(tgt.key);
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
    additionalTickets: request.additionalTickets,
  };
  const reqBody = KdcReqBody.encode(body);
  const now = shifted(exchange.clock, options.kdcOffset ?? 0);
  const apReq = presentTicket(tgt, {
    sessionKey,
    subkey,
    now,
    usage: KU_TGS_REQ_AUTHENTICATOR,
    cksum: makeChecksum(sessionKey, KU_TGS_REQ_CKSUM, reqBody),
  });
  const armor = request.fast ? await armorOf(subkey, sessionKey) : noArmor;
  const header = { padataType: PA_TGS_REQ, padataValue: apReq };
  const extra = request.onBehalf?.padata(body.nonce, subkey) ?? [];
  const sealed = armor.seal({ padata: extra, reqBody }, apReq);
  // Active Directory and Heimdal's KDC look for them outside the armor, too.
  const padata = [header, ...sealed, ...(request.fast ? extra : [])];
  const message = TgsReq.encode({ padata, reqBody });
  tellRequest(exchange.trace, {
    message: 'TGS-REQ',
    client: tgt.client,
    server,
    body,
    bytes: message.length,
    fast: request.fast === true,
  });
  const reply = await exchange.transport(server.realm, message, exchange.signal);
  if (isKrbError(reply)) {
    const refusal = armor.openError(KrbError.decode(reply), body.nonce);
    const error = new KdcError(refusal, 'KDC_ERROR', { client: tgt.client, server });
    tellKdcError(exchange, error, server.realm);
    throw error;
  }
  const credential = openTgsReply(reply, { body, tgt, server, subkey, armor, onBehalf: request.onBehalf });
  exchange.trace(
    `Received ticket for ${formatPrincipal(credential.server)} with a session key of ${enctypeText(credential.key.keytype)}`,
  );
  return credential;
}

/** FAST, armored by the presented ticket. */
async function armorOf(subkey: Key, sessionKey: Key): Promise<Armor> {
  const { implicitArmor } = await import('../preauth/fast.ts');
  return implicitArmor(subkey, sessionKey);
}
