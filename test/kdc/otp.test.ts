import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import type { OtpToken } from '../../src/kdc/policy.ts';
import { KdcFast } from '../../src/kdc/preauth/fast.ts';
import { openOtp } from '../../src/kdc/preauth/otp.ts';
import { otpValue } from '../../src/kdc/preauth/otp-value.ts';
import { KDC_ERR_CLIENT_REVOKED } from '../../src/messages/error-codes.ts';
import { KU_PA_OTP_REQUEST } from '../../src/messages/numbers.ts';
import { PaOtpEncRequest, PaOtpRequest } from '../../src/messages/otp.ts';
import { seal } from '../../src/messages/seal.ts';
import { addPrincipal, createLab, keyOf, type Lab, principal, REALM } from './support.ts';

const OLD: OtpToken = { secret: 'GEZDGNBVGY3TQOJQ', counter: 0 };
const NEW: OtpToken = { secret: 'MFRGGZDFMZTWQ2LK', counter: 0 };

/** Gives alice a token. */
function give(lab: Lab, otp: OtpToken): void {
  addPrincipal(lab, 'alice', { otp });
}

/** Whether a value is taken from alice, within an armor. */
function takes(lab: Lab, mechanism: ReturnType<typeof openOtp>, value: string): boolean {
  const key = randomKey(18);
  const nonce = Buffer.alloc(20);
  nonce.writeBigUInt64BE(BigInt(lab.now().getTime()));
  const sent = PaOtpRequest.encode({
    flags: 0,
    encData: seal(PaOtpEncRequest, { nonce }, key, KU_PA_OTP_REQUEST),
    otpValue: Buffer.from(value),
  });
  const proof = mechanism.verify(sent, {
    exchange: {
      kdc: lab.kdc.state,
      request: new Uint8Array(0),
      now: lab.now().getTime(),
      peer: undefined,
      fast: new KdcFast(key, { hidesClient: false, strengthens: true }),
    },
    client: lab.database.find(principal('alice').components, REALM)!,
    etypes: [18],
    key: keyOf(lab, 'alice'),
    padata: [],
    reqBody: new Uint8Array(0),
  });
  return proof !== undefined;
}

describe('a one-time password', () => {
  it('is taken once', () => {
    const lab = createLab();
    const mechanism = openOtp();
    give(lab, OLD);
    expect(takes(lab, mechanism, otpValue(OLD, 5))).toBe(true);
    for (const count of [5, 4]) expect(takes(lab, mechanism, otpValue(OLD, count))).toBe(false);
    expect(takes(lab, mechanism, otpValue(OLD, 6))).toBe(true);
    // Also where the database has lost count.
    give(lab, OLD);
    expect(takes(lab, mechanism, otpValue(OLD, 6))).toBe(false);
  });

  it('is not to be found by trying: after some wrong ones there are pauses, which get longer', () => {
    const lab = createLab();
    const mechanism = openOtp();
    const tried = expect.objectContaining({ errorCode: KDC_ERR_CLIENT_REVOKED });
    give(lab, OLD);
    for (let i = 0; i < 5; i++) expect(takes(lab, mechanism, '000000')).toBe(false);
    expect(() => takes(lab, mechanism, otpValue(OLD, 0))).toThrow(tried);
    lab.advance(30);
    expect(takes(lab, mechanism, '000000')).toBe(false);
    lab.advance(30);
    expect(() => takes(lab, mechanism, otpValue(OLD, 0))).toThrow(tried);
    lab.advance(30);
    expect(takes(lab, mechanism, otpValue(OLD, 0))).toBe(true);
    for (let i = 0; i < 5; i++) expect(takes(lab, mechanism, '000000')).toBe(false);
    let judged = 0;
    for (let i = 0; i < 24 * 60; i++) {
      lab.advance(60);
      try {
        takes(lab, mechanism, '000000');
        judged++;
      } catch (error) {
        expect(error).toEqual(tried);
      }
    }
    expect(judged).toBeLessThan(170);
    lab.advance(600);
    expect(takes(lab, mechanism, otpValue(OLD, 1))).toBe(true);
  });

  it('of another token is not counted with those of the one before', () => {
    const lab = createLab();
    const mechanism = openOtp();
    give(lab, OLD);
    expect(takes(lab, mechanism, otpValue(OLD, 10))).toBe(true);
    give(lab, NEW);
    expect(takes(lab, mechanism, otpValue(NEW, 0))).toBe(true);
    expect(takes(lab, mechanism, otpValue(NEW, 0))).toBe(false);
  });
});
