import { CodecError, IntegrityError } from '../../errors.ts';
import { KDC_ERR_ETYPE_NOSUPP, KRB_AP_ERR_SKEW } from '../../messages/error-codes.ts';
import { PRE_AUTHENT } from '../../messages/flags.ts';
import { KU_AS_REP, KU_AS_REQ_PA_ENC_TS, PA_ENC_TIMESTAMP } from '../../messages/numbers.ts';
import { PaEncTsEnc } from '../../messages/preauth-data.ts';
import { unseal } from '../../messages/seal.ts';
import { EncryptedData } from '../../messages/types.ts';
import { currentKeys, type PrincipalEntry } from '../database.ts';
import { refuse } from '../refusal.ts';
import type { KdcPreauth } from './mechanism.ts';

/** The usages of the client's key, which seals the reply as well. */
const USAGES = [KU_AS_REQ_PA_ENC_TS, KU_AS_REP];

const OFFER = { padataType: PA_ENC_TIMESTAMP, padataValue: new Uint8Array(0) };

/** RFC 4120 §5.2.7.2: the time, sealed in the client's key. */
export const encryptedTimestamp: KdcPreauth = {
  padataType: PA_ENC_TIMESTAMP,
  byPassword: true,
  // Within FAST, the encrypted challenge is used instead, which authenticates the KDC as well.
  offers: ({ exchange }) => (exchange.fast === undefined ? [OFFER] : []),
  verify(padataValue, { client, exchange }) {
    const time = open(padataValue, client);
    if (time === undefined) return undefined;
    if (Math.abs(time.getTime() - exchange.now) > exchange.kdc.clockskew * 1000) {
      refuse(KRB_AP_ERR_SKEW, 'CLOCK_SKEW');
    }
    return { flags: PRE_AUTHENT };
  },
};

function open(padataValue: Uint8Array, client: PrincipalEntry): Date | undefined {
  try {
    const sealed = EncryptedData.decode(padataValue);
    const key = currentKeys(client).key(sealed.etype);
    if (key === undefined) refuse(KDC_ERR_ETYPE_NOSUPP, 'CANT_FIND_CLIENT_KEY');
    key.operations.prepare?.(USAGES);
    return unseal(PaEncTsEnc, sealed, key, KU_AS_REQ_PA_ENC_TS).patimestamp;
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof CodecError) return undefined;
    throw error;
  }
}
