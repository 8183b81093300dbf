import { createHmac } from 'node:crypto';
import { CodecError } from '../../errors.ts';
import type { OtpToken } from '../policy.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * The one-time password for a counter (RFC 4226 §5.3; in RFC 6238, the number of the period). Throws CodecError for a
 * secret that is not Base32.
 */
export function otpValue({ secret, digits = 6, algorithm = 'sha1' }: OtpToken, counter: number): string {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac(algorithm, secretBytes(secret)).update(moving).digest();
  const offset = mac.at(-1)! & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** The counter of a time-based token at a time in milliseconds. */
export function otpStep({ period = 30 }: OtpToken, now: number): number {
  return Math.max(0, Math.floor(now / (period * 1000)));
}

/** The octets of a secret in Base32 (RFC 4648 §6), with any spacing and padding. */
export function secretBytes(secret: string): Uint8Array {
  const text = secret.toUpperCase().replace(/[\s=-]/g, '');
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const letter of text) {
    const value = BASE32.indexOf(letter);
    if (value < 0) throw new CodecError('a secret that is no Base32');
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  if (bytes.length === 0) throw new CodecError('an empty secret');
  return Uint8Array.from(bytes);
}
