import { pooledCopy } from '../codec/pooled.ts';
import { type ChecksumValue, makeChecksum } from '../crypto/checksum.ts';
import { type Key, randomKey } from '../crypto/key.ts';
import { ApReq, Authenticator } from '../messages/ap.ts';
import type { Credential } from '../messages/credential.ts';
import { MUTUAL_REQUIRED, USE_SESSION_KEY } from '../messages/flags.ts';
import { isKrbError, KdcError, KrbError } from '../messages/krb-error.ts';
import { KU_AP_REQ_AUTHENTICATOR, KU_AP_REQ_CKSUM } from '../messages/numbers.ts';
import { toPrincipalName } from '../messages/principal.ts';
import { readyKey } from '../messages/ready-key.ts';
import { seal, toEncryptionKey, toKey } from '../messages/seal.ts';
import type { AuthorizationDataElement } from '../messages/types.ts';
import { checkApRepTime, openApRep, sealApRep } from './ap-rep.ts';
import { type AuthenticatorTime, authenticatorTime } from './authenticator-time.ts';
import { type ApSession, freshSequenceNumber } from './session.ts';

export interface ApReqOptions {
  /** Whether the service is to authenticate itself. */
  readonly mutual?: boolean | undefined;
  /** Whether to propose a subkey, of the session key's enctype. */
  readonly subkey?: boolean | undefined;
  /** Whether to send a first sequence number. */
  readonly sequenceNumber?: boolean | undefined;
  /** The data to make a keyed checksum over, or a complete checksum, such as GSS-API's, or what makes one by the subkey. */
  readonly checksum?:
    | ChecksumValue
    | ((subkey: Key | undefined) => ChecksumValue)
    | { readonly data: Uint8Array; readonly type?: number | undefined }
    | undefined;
  /** Additional authorization data for the authenticator. */
  readonly authorizationData?: readonly AuthorizationDataElement[] | undefined;
  /** Our clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /**
   * The KDC's clock minus ours in milliseconds, where a cache remembers it; the service's clock is assumed to agree
   * with the KDC's.
   */
  readonly kdcOffset?: number | undefined;
}

/** An AP-REQ, and what its sender needs for the answer. */
export interface ApRequest {
  readonly apReq: Uint8Array;
  /** What was agreed on if the service does not authenticate itself. */
  readonly session: ApSession;
  /**
   * Checks the AP-REP (RFC 4120 §3.2.5). Throws KdcError SERVER_REFUSED where the service answered KRB-ERROR instead,
   * KerberosError MUTUAL_FAILED where it does not have the ticket's session key or answers another request, and
   * CodecError.
   */
  verify(apRep: Uint8Array): ApSession;
  /** Our own AP-REP, which ends an exchange of three messages (MS-KILE 3.4.5.1), once theirs has been checked. */
  third(session: ApSession): Uint8Array;
}

/** Makes an AP-REQ (RFC 4120 §3.2.2). Throws KerberosError ENCTYPE_UNSUPPORTED or KEY_LENGTH. */
export function createApReq(credential: Credential, options: ApReqOptions = {}): ApRequest {
  const { now = () => new Date(), kdcOffset = 0, mutual = false } = options;
  const sessionKey = readyKey(credential.key);
  const initiatorSubkey = options.subkey ? randomKey(sessionKey.etype) : undefined;
  const initiatorSequence = options.sequenceNumber ? freshSequenceNumber() : undefined;
  const time = authenticatorTime(new Date(now().getTime() + kdcOffset));
  const authenticator: Authenticator = {
    crealm: credential.client.realm,
    cname: toPrincipalName(credential.client),
    cksum: checksumOf(options.checksum, sessionKey, initiatorSubkey),
    cusec: time.cusec,
    ctime: time.ctime,
    subkey: initiatorSubkey && toEncryptionKey(initiatorSubkey),
    seqNumber: initiatorSequence,
    authorizationData: options.authorizationData,
  };
  const request = {
    apOptions: (mutual ? MUTUAL_REQUIRED : 0) | (credential.isSkey ? USE_SESSION_KEY : 0),
    ticket: credential.ticket,
    authenticator: seal(Authenticator, authenticator, sessionKey, KU_AP_REQ_AUTHENTICATOR),
  };
  const { client, server, endtime } = credential;
  const session = { client, server, sessionKey, initiatorSubkey, initiatorSequence, endtime, mutual: false };
  return {
    apReq: ApReq.lend(request, pooledCopy),
    session,
    verify: apRep => verifyApRep(apRep, time, session),
    third: ({ acceptorSequence }) => sealApRep({ ...time, seqNumber: acceptorSequence }, sessionKey),
  };
}

function checksumOf(
  wanted: ApReqOptions['checksum'],
  sessionKey: Key,
  subkey: Key | undefined,
): ChecksumValue | undefined {
  if (typeof wanted === 'function') return wanted(subkey);
  if (wanted === undefined || 'checksum' in wanted) return wanted;
  return makeChecksum(sessionKey, KU_AP_REQ_CKSUM, wanted.data, wanted.type);
}

function verifyApRep(apRep: Uint8Array, time: AuthenticatorTime, session: ApSession): ApSession {
  if (isKrbError(apRep)) throw new KdcError(KrbError.decode(apRep), 'SERVER_REFUSED', session);
  const part = openApRep(apRep, session.sessionKey);
  checkApRepTime(part, time);
  // Spread, an object that is changed thereby has V8 make maps of its own for it, which live long.
  const { client, server, sessionKey, initiatorSubkey, initiatorSequence, endtime } = session;
  return {
    client,
    server,
    sessionKey,
    initiatorSubkey,
    initiatorSequence,
    acceptorSubkey: part.subkey && toKey(part.subkey),
    acceptorSequence: part.seqNumber,
    endtime,
    mutual: true,
  };
}
