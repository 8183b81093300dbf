import { timingSafeEqual } from 'node:crypto';
import type { Key } from '../../crypto/key.ts';
import { cf2 } from '../../crypto/prf.ts';
import { IntegrityError } from '../../errors.ts';
import { KU_PA_PKINIT_KX, PA_PKINIT_KX } from '../../messages/numbers.ts';
import { seal, toEncryptionKey, toKey, unseal } from '../../messages/seal.ts';
import { EncryptedData, EncryptionKey, type PaData } from '../../messages/types.ts';
import { modified } from '../modified.ts';

/**
 * Checks that both client and KDC have contributed to an anonymous client's session key (RFC 8062 §7): otherwise
 * whoever can make a reply could make many with the same key. Throws KerberosError REPLY_MODIFIED, ENCTYPE_UNSUPPORTED
 * and CODEC.
 */
export function checkContribution(padata: readonly PaData[], replyKey: Key, sessionKey: EncryptionKey): void {
  const sent = padata.find(({ padataType }) => padataType === PA_PKINIT_KX)?.padataValue;
  if (sent === undefined) throw modified('a session key that the KDC made alone');
  const { bytes, etype } = sessionKeyOf(openContribution(sent, replyKey), replyKey);
  const same =
    etype === sessionKey.keytype &&
    bytes.length === sessionKey.keyvalue.length &&
    timingSafeEqual(bytes, sessionKey.keyvalue);
  if (!same) throw modified('a session key that the KDC made alone');
}

/** The KDC's side: the padata that carry its contribution. */
export function sealContribution(contribution: Key, replyKey: Key): PaData {
  const sealed = seal(EncryptionKey, toEncryptionKey(contribution), replyKey, KU_PA_PKINIT_KX);
  return { padataType: PA_PKINIT_KX, padataValue: EncryptedData.encode(sealed) };
}

/** The session key made from both contributions. */
export function sessionKeyOf(contribution: Key, replyKey: Key): Key {
  return cf2(contribution, replyKey, 'PKINIT', 'KEYEXCHANGE');
}

function openContribution(sent: Uint8Array, replyKey: Key): Key {
  try {
    return toKey(unseal(EncryptionKey, EncryptedData.decode(sent), replyKey, KU_PA_PKINIT_KX));
  } catch (error) {
    throw error instanceof IntegrityError
      ? modified('a contribution to the session key that is not ours')
      : error;
  }
}
