import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../../src/errors.ts';
import { otpStep, otpValue, secretBytes } from '../../src/kdc/preauth/otp-value.ts';

interface Vectors {
  readonly hotp: readonly string[];
  readonly totp: readonly { seconds: number; sha1: string; sha256: string; sha512: string }[];
}

const vectors: Vectors = JSON.parse(readFileSync('test/vectors/otp.json', 'utf8'));
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The digits from 1 on, as the RFCs have them for a secret. */
function secretOf(length: number): string {
  const bits = Array.from({ length }, (_, i) => ((i + 1) % 10) + 48)
    .map(octet => octet.toString(2).padStart(8, '0'))
    .join('');
  return (bits.match(/.{1,5}/g) ?? []).map(five => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

describe('the value of a token', () => {
  it.each(vectors.hotp.map((value, counter) => [counter, value] as const))(
    'of events, %i: %s',
    (counter, value) => {
      expect(otpValue({ secret: secretOf(20) }, counter)).toBe(value);
    },
  );

  it.each(vectors.totp)('of time, at $seconds', ({ seconds, ...values }) => {
    for (const [algorithm, length] of [
      ['sha1', 20],
      ['sha256', 32],
      ['sha512', 64],
    ] as const) {
      const token = { secret: secretOf(length), digits: 8, algorithm };
      expect(otpValue(token, otpStep(token, seconds * 1000))).toBe(values[algorithm]);
    }
  });
});

describe('a secret', () => {
  it('is read however it is written', () => {
    expect(secretBytes('jbsw y3dp-EHPK 3PXP====')).toEqual(
      Uint8Array.from(Buffer.from('48656c6c6f21deadbeef', 'hex')),
    );
  });

  it.each(['', '====', 'no1', 'ä'])('is refused: %j', secret => {
    expect(() => secretBytes(secret)).toThrow(CodecError);
  });
});
