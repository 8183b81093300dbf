import { verifyChecksum, verifyHmacMd5 } from '../../crypto/checksum.ts';
import type { Key } from '../../crypto/key.ts';
import { HMAC_MD5 } from '../../crypto/rc4.ts';
import { KDC_ERR_C_PRINCIPAL_UNKNOWN, KRB_AP_ERR_MODIFIED } from '../../messages/error-codes.ts';
import { type Principal, toPrincipal, toPrincipalName } from '../../messages/principal.ts';
import {
  forUserChecksumInput,
  KU_PA_FOR_USER_CKSUM,
  KU_PA_S4U_X509_USER_REPLY,
  KU_PA_S4U_X509_USER_REQUEST,
  PA_FOR_USER,
  PA_S4U_X509_USER,
  PaForUser,
  PaS4uX509User,
  S4uUserId,
  USE_REPLY_KEY_USAGE,
} from '../../messages/s4u.ts';
import { isUnkeyed, makeS4uUserChecksum, verifyS4uUserChecksum } from '../../messages/s4u-checksum.ts';
import type { PaData } from '../../messages/types.ts';
import { refuse } from '../refusal.ts';
import type { TgsHeader } from '../tgs-header.ts';

/** The user in whose name a service asks for a ticket for itself (S4U2Self). */
export interface RequestedUser {
  readonly name: Principal | undefined;
  /** DER. */
  readonly certificate: Uint8Array | undefined;
  /** The reply's statement about the user, with the canonical name; empty for a request in the older form. */
  answer(user: Principal): S4uAnswer;
}

interface S4uAnswer {
  readonly padata: readonly PaData[];
  /** Padata for the sealed part. */
  readonly encryptedPaData: readonly PaData[] | undefined;
}

/** Whether it is an S4U2Self request. */
export function asksForUser(padata: readonly PaData[]): boolean {
  return padata.some(({ padataType }) => padataType === PA_S4U_X509_USER || padataType === PA_FOR_USER);
}

type Keys = Pick<TgsHeader, 'subkey' | 'sessionKey'>;

/**
 * The user of a request, from the newer form if it has both; undefined if it has none. Throws `Refusal` for an invalid
 * one.
 */
export function requestedUser(
  padata: readonly PaData[],
  nonce: number,
  keys: Keys,
): RequestedUser | undefined {
  const newer = find(padata, PA_S4U_X509_USER);
  if (newer !== undefined) return readS4uX509User(newer, nonce, keys.subkey ?? keys.sessionKey);
  const older = find(padata, PA_FOR_USER);
  return older && readForUser(older, keys.sessionKey);
}

/** MS-SFU 2.2.1. */
function readForUser(padataValue: Uint8Array, sessionKey: Key): RequestedUser {
  const { userName, userRealm, cksum, authPackage } = PaForUser.decode(padataValue);
  const name = toPrincipal(userName, userRealm);
  const input = forUserChecksumInput(name, authPackage);
  // Heimdal's clients use the key's own checksum type.
  const genuine =
    cksum.cksumtype === HMAC_MD5
      ? verifyHmacMd5(sessionKey, KU_PA_FOR_USER_CKSUM, input, cksum.checksum)
      : verifyChecksum(sessionKey, KU_PA_FOR_USER_CKSUM, input, cksum);
  if (!genuine) refuse(KRB_AP_ERR_MODIFIED, 'INVALID_S4U2SELF_CHECKSUM');
  const answer = (): S4uAnswer => ({ padata: [], encryptedPaData: undefined });
  return { name, certificate: undefined, answer };
}

/** MS-SFU 2.2.2 and 3.2.5.1.1.2. */
function readS4uX509User(padataValue: Uint8Array, nonce: number, key: Key): RequestedUser {
  const { userId, checksum } = PaS4uX509User.decode(padataValue);
  if (!verifyS4uUserChecksum(key, KU_PA_S4U_X509_USER_REQUEST, userId, checksum)) {
    refuse(KRB_AP_ERR_MODIFIED, 'INVALID_S4U2SELF_CHECKSUM');
  }
  const asked = S4uUserId.decode(userId);
  if (asked.nonce !== nonce) refuse(KRB_AP_ERR_MODIFIED, 'INVALID_S4U2SELF_NONCE');
  const { cname, crealm, subjectCertificate } = asked;
  const name = cname && cname.nameString.length > 0 ? toPrincipal(cname, crealm) : undefined;
  const certificate = subjectCertificate?.length ? subjectCertificate : undefined;
  if (name === undefined && certificate === undefined) {
    refuse(KDC_ERR_C_PRINCIPAL_UNKNOWN, 'INVALID_S4U2SELF_REQUEST');
  }
  const options = (asked.options ?? 0) & USE_REPLY_KEY_USAGE;
  return {
    name,
    certificate,
    answer(user) {
      const told = S4uUserId.encode({ nonce, cname: toPrincipalName(user), crealm: user.realm, options });
      const usage = options === 0 ? KU_PA_S4U_X509_USER_REQUEST : KU_PA_S4U_X509_USER_REPLY;
      const sum = makeS4uUserChecksum(key, usage, told);
      // Such a checksum can be made without a key, so the sealed part repeats the checksums of both sides.
      const both = isUnkeyed(key) && options !== 0 && Buffer.concat([checksum.checksum, sum.checksum]);
      return {
        padata: [padataOf(PaS4uX509User.encode({ userId: told, checksum: sum }))],
        encryptedPaData: both ? [padataOf(both)] : undefined,
      };
    },
  };
}

function padataOf(padataValue: Uint8Array): PaData {
  return { padataType: PA_S4U_X509_USER, padataValue };
}

function find(padata: readonly PaData[], type: number): Uint8Array | undefined {
  return padata.find(({ padataType }) => padataType === type)?.padataValue;
}
