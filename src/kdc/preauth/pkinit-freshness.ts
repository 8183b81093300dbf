import { createHmac, timingSafeEqual } from 'node:crypto';
import { randomBytes } from '../../crypto/random.ts';
import { KDC_ERR_PREAUTH_EXPIRED, KDC_ERR_PREAUTH_FAILED } from '../../messages/error-codes.ts';
import { refuse } from '../refusal.ts';

const KEY_BYTES = 32;
const TIME_BYTES = 8;

/** The tokens of RFC 8070: the time, under a key that this KDC alone has for as long as it runs. */
export class Freshness {
  private readonly key = randomBytes(KEY_BYTES);

  /** A token for a client; `now` in milliseconds. */
  token(now: number): Uint8Array {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeDoubleBE(now);
    return Buffer.concat([time, this.mac(time)]);
  }

  /** Throws `Refusal` for a token that is not ours or older than `seconds`. */
  check(token: Uint8Array, now: number, seconds: number): void {
    const time = Buffer.from(token.subarray(0, TIME_BYTES));
    const mac = token.subarray(TIME_BYTES);
    const expected = this.mac(time);
    if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) this.missing();
    if (now - time.readDoubleBE() > seconds * 1000) refuse(KDC_ERR_PREAUTH_EXPIRED, 'FRESHNESS_EXPIRED');
  }

  /** Throws the `Refusal` of a request without a token of ours. */
  missing(): never {
    refuse(KDC_ERR_PREAUTH_FAILED, 'NO_FRESHNESS_TOKEN');
  }

  private mac(time: Uint8Array): Buffer {
    return createHmac('sha256', this.key).update(time).digest();
  }
}
