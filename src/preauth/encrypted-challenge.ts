import type { Key } from '../crypto/key.ts';
import { IntegrityError } from '../errors.ts';
import {
  KU_ENC_CHALLENGE_CLIENT,
  KU_ENC_CHALLENGE_KDC,
  PA_ENCRYPTED_CHALLENGE,
} from '../messages/numbers.ts';
import { PaEncTsEnc } from '../messages/preauth-data.ts';
import { seal, unseal } from '../messages/seal.ts';
import { EncryptedData } from '../messages/types.ts';
import { challengeKey } from './fast-keys.ts';
import type { PreauthMechanism } from './mechanism.ts';
import { modified } from './modified.ts';

/** RFC 6113 §5.4.6: the time, sealed by both sides under keys that only the owner of the client's key can derive. */
export const encryptedChallenge: PreauthMechanism = {
  name: 'encrypted challenge',
  padataType: PA_ENCRYPTED_CHALLENGE,
  begin(context) {
    const { armorKey } = context;
    if (armorKey === undefined) throw new TypeError('an encrypted challenge needs an armor');
    return {
      async step() {
        const key = challengeKey('client', armorKey, await context.clientKey());
        const now = context.now();
        context.trace(`Sending encrypted challenge (for ${now.getTime() / 1000})`);
        const time = { patimestamp: now, pausec: (now.getTime() % 1000) * 1000 };
        const sealed = seal(PaEncTsEnc, time, key, KU_ENC_CHALLENGE_CLIENT);
        return [{ padataType: PA_ENCRYPTED_CHALLENGE, padataValue: EncryptedData.encode(sealed) }];
      },
      async replyKey(answer) {
        const clientKey = await context.clientKey();
        if (answer === undefined) throw modified('no challenge of the KDC');
        const challenge = EncryptedData.decode(answer);
        // The time itself does not matter; that it can be opened proves who sealed it. Heimdal's KDC, as of 7.8, seals
        // it under the client's key of the two, but with the key usage of the KDC's challenges.
        const proven = SIDES.some(side => opens(challenge, challengeKey(side, armorKey, clientKey)));
        if (!proven) throw modified('a challenge of somebody else');
        return clientKey;
      },
    };
  },
};

const SIDES = ['kdc', 'client'] as const;

function opens(challenge: EncryptedData, key: Key): boolean {
  try {
    unseal(PaEncTsEnc, challenge, key, KU_ENC_CHALLENGE_KDC);
    return true;
  } catch (error) {
    if (error instanceof IntegrityError) return false;
    throw error;
  }
}
