import type { Key } from '../../crypto/key.ts';
import { CodecError, IntegrityError } from '../../errors.ts';
import { KRB_AP_ERR_SKEW } from '../../messages/error-codes.ts';
import { PRE_AUTHENT } from '../../messages/flags.ts';
import {
  KU_ENC_CHALLENGE_CLIENT,
  KU_ENC_CHALLENGE_KDC,
  PA_ENCRYPTED_CHALLENGE,
} from '../../messages/numbers.ts';
import { PaEncTsEnc } from '../../messages/preauth-data.ts';
import { seal, unseal } from '../../messages/seal.ts';
import { EncryptedData, type PaData } from '../../messages/types.ts';
import { challengeKey } from '../../preauth/fast-keys.ts';
import { currentKeys } from '../database.ts';
import { refuse } from '../refusal.ts';
import type { KdcPreauth, PreauthRequest } from './mechanism.ts';

const OFFER = { padataType: PA_ENCRYPTED_CHALLENGE, padataValue: new Uint8Array(0) };

/** RFC 6113 §5.4.6: the time, sealed by both sides under keys that only the owner of the client's key can derive. */
export const encryptedChallenge: KdcPreauth = {
  padataType: PA_ENCRYPTED_CHALLENGE,
  byPassword: true,
  offers: ({ exchange }) => (exchange.fast === undefined ? [] : [OFFER]),
  verify(padataValue, request) {
    const { exchange } = request;
    const armorKey = exchange.fast?.key;
    if (armorKey === undefined) return undefined;
    for (const clientKey of clientKeys(request)) {
      const time = open(padataValue, challengeKey('client', armorKey, clientKey));
      if (time === undefined) continue;
      if (Math.abs(time.getTime() - exchange.now) > exchange.kdc.clockskew * 1000) {
        refuse(KRB_AP_ERR_SKEW, 'CLOCK_SKEW');
      }
      return { flags: PRE_AUTHENT, padata: [answer(armorKey, clientKey, exchange.now)] };
    }
    return undefined;
  },
};

/** The keys that the client may have used: the challenge does not state which. */
function clientKeys({ client, etypes }: PreauthRequest): readonly Key[] {
  const keys = currentKeys(client);
  return etypes.flatMap(etype => keys.key(etype) ?? []);
}

function open(padataValue: Uint8Array, key: Key): Date | undefined {
  try {
    const sealed = EncryptedData.decode(padataValue);
    return unseal(PaEncTsEnc, sealed, key, KU_ENC_CHALLENGE_CLIENT).patimestamp;
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof CodecError) return undefined;
    throw error;
  }
}

function answer(armorKey: Key, clientKey: Key, now: number): PaData {
  const time = { patimestamp: new Date(now), pausec: Math.floor(now % 1000) * 1000 };
  const sealed = seal(PaEncTsEnc, time, challengeKey('kdc', armorKey, clientKey), KU_ENC_CHALLENGE_KDC);
  return { padataType: PA_ENCRYPTED_CHALLENGE, padataValue: EncryptedData.encode(sealed) };
}
