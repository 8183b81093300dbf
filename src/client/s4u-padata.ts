import { type ChecksumValue, makeChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import { HMAC_MD5 } from '../crypto/rc4.ts';
import { type Principal, toPrincipal, toPrincipalName } from '../messages/principal.ts';
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
} from '../messages/s4u.ts';
import { isUnkeyed, makeS4uUserChecksum, verifyS4uUserChecksum } from '../messages/s4u-checksum.ts';
import type { PaData } from '../messages/types.ts';
import { modified } from '../preauth/modified.ts';
import type { BehalfReply } from './s4u-behalf.ts';

/** The user as the padata of an S4U2Self request name it: by name, by certificate, or by both. */
export interface UserIdentity {
  /** The user's realm. */
  readonly realm: string;
  readonly name?: Principal | undefined;
  /** DER. */
  readonly certificate?: Uint8Array | undefined;
}

const KERBEROS = 'Kerberos';

/** PA-FOR-USER, sealed in the session key of the presented ticket; it can identify a user only by name. */
export function paForUser(name: Principal, sessionKey: Key): PaData {
  const input = forUserChecksumInput(name, KERBEROS);
  const padataValue = PaForUser.encode({
    userName: toPrincipalName(name),
    userRealm: name.realm,
    cksum: makeChecksum(sessionKey, KU_PA_FOR_USER_CKSUM, input, HMAC_MD5),
    authPackage: KERBEROS,
  });
  return { padataType: PA_FOR_USER, padataValue };
}

/** A PA-S4U-X509-USER and the check of the one in the reply (MS-SFU 3.1.5.1.1.2, 3.2.5.1.1.2). */
export class S4uX509Exchange {
  readonly padata: PaData;
  private readonly nonce: number;
  private readonly subkey: Key;
  private readonly sent: Uint8Array;

  constructor({ realm, name, certificate }: UserIdentity, nonce: number, subkey: Key) {
    const userId = S4uUserId.encode({
      nonce,
      cname: name && toPrincipalName(name),
      crealm: realm,
      subjectCertificate: certificate,
      options: USE_REPLY_KEY_USAGE,
    });
    const checksum = makeS4uUserChecksum(subkey, KU_PA_S4U_X509_USER_REQUEST, userId);
    this.padata = {
      padataType: PA_S4U_X509_USER,
      padataValue: PaS4uX509User.encode({ userId, checksum }),
    };
    this.nonce = nonce;
    this.subkey = subkey;
    this.sent = checksum.checksum;
  }

  /**
   * The user that the KDC authenticates; undefined if it does not, as Heimdal's. Throws KerberosError REPLY_MODIFIED
   * and CODEC.
   */
  vouchedUser({ padata, encryptedPadata }: BehalfReply): Principal | undefined {
    const answer = find(padata);
    const echo = find(encryptedPadata);
    if (answer === undefined) {
      if (echo !== undefined) throw modified('a user in its sealed part alone');
      return undefined;
    }
    const { userId, checksum } = PaS4uX509User.decode(answer);
    const { nonce, cname, crealm, options = 0 } = S4uUserId.decode(userId);
    if (nonce !== this.nonce) throw modified('another nonce of the user');
    // The request itself, reflected, is no answer: its checksum has another key usage.
    const usage = options & USE_REPLY_KEY_USAGE ? KU_PA_S4U_X509_USER_REPLY : KU_PA_S4U_X509_USER_REQUEST;
    if (!this.isGenuine(userId, { usage, checksum, echo })) throw modified('a user without a valid checksum');
    return cname && toPrincipal(cname, crealm);
  }

  private isGenuine(
    userId: Uint8Array,
    reply: {
      readonly usage: number;
      readonly checksum: ChecksumValue;
      readonly echo: Uint8Array | undefined;
    },
  ): boolean {
    const { checksum, echo } = reply;
    if (!verifyS4uUserChecksum(this.subkey, reply.usage, userId, checksum)) return false;
    if (!isUnkeyed(this.subkey)) return true;
    // Anybody can make such a checksum, so the sealed part repeats those of both sides.
    return echo !== undefined && Buffer.concat([this.sent, checksum.checksum]).equals(echo);
  }
}

function find(padata: readonly PaData[]): Uint8Array | undefined {
  return padata.find(({ padataType }) => padataType === PA_S4U_X509_USER)?.padataValue;
}
