import { KU_AS_REQ_PA_ENC_TS, PA_ENC_TIMESTAMP } from '../messages/numbers.ts';
import { PaEncTsEnc } from '../messages/preauth-data.ts';
import { seal } from '../messages/seal.ts';
import { EncryptedData } from '../messages/types.ts';
import type { PreauthMechanism } from './mechanism.ts';

/** RFC 4120 §5.2.7.2: the time, sealed in the client's key. */
export const encryptedTimestamp: PreauthMechanism = {
  name: 'encrypted timestamp',
  padataType: PA_ENC_TIMESTAMP,
  begin(context) {
    return {
      async step() {
        const key = await context.clientKey();
        const now = context.now();
        context.trace(`Sending encrypted timestamp (for ${now.getTime() / 1000})`);
        const time = { patimestamp: now, pausec: (now.getTime() % 1000) * 1000 };
        const sealed = seal(PaEncTsEnc, time, key, KU_AS_REQ_PA_ENC_TS);
        return [{ padataType: PA_ENC_TIMESTAMP, padataValue: EncryptedData.encode(sealed) }];
      },
      replyKey: () => context.clientKey(),
    };
  },
};
