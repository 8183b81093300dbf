import { createHash, timingSafeEqual } from 'node:crypto';
import { randomBytes } from '../../crypto/random.ts';
import { CodecError, IntegrityError } from '../../errors.ts';
import { KDC_ERR_CLIENT_REVOKED, KDC_ERR_PREAUTH_EXPIRED } from '../../messages/error-codes.ts';
import { PRE_AUTHENT } from '../../messages/flags.ts';
import { KU_PA_OTP_REQUEST, PA_OTP_CHALLENGE, PA_OTP_REQUEST } from '../../messages/numbers.ts';
import { PaOtpChallenge, PaOtpEncRequest, PaOtpRequest } from '../../messages/otp.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { unseal } from '../../messages/seal.ts';
import { isWritable, type PrincipalEntry } from '../database.ts';
import type { Exchange } from '../exchange.ts';
import type { OtpToken } from '../policy.ts';
import { refuse } from '../refusal.ts';
import type { KdcPreauth, PreauthRequest } from './mechanism.ts';
import { OtpGuesses } from './otp-guesses.ts';
import { otpStep, otpValue } from './otp-value.ts';

const TIME_BYTES = 8;
const RANDOM_BYTES = 12;
/** The clocks of tokens are inaccurate: one period to either side is allowed (RFC 6238 §5.2). */
const DRIFT = 1;
/** Buttons may be pressed without a login: so many values may have been skipped (RFC 4226 §7.4). */
const LOOK_AHEAD = 10;
/** OTPFormat, RFC 6560 §4.1. */
const DECIMAL = 0;

/**
 * RFC 6560 within FAST, for clients that have a token. Each value is accepted once: used values are remembered while
 * the KDC runs and, for tokens with a counter, in the database if it is writable.
 */
export function openOtp(): KdcPreauth {
  /** The lowest counter that is still valid, by principal and token: a new token starts again. */
  const next = new Map<string, number>();
  const guesses = new OtpGuesses();

  /** Throws `Refusal` where too many wrong values have been sent. */
  function judge(value: string, token: OtpToken, request: PreauthRequest): boolean {
    const { now } = request.exchange;
    const client = formatPrincipal(request.client.principal);
    if (!guesses.mayTry(client, now)) refuse(KDC_ERR_CLIENT_REVOKED, 'OTP_TOO_SOON');
    const accepted = accept(value, token, request);
    if (accepted) guesses.succeeded(client);
    else guesses.failed(client, now);
    return accepted;
  }

  function accept(value: string, token: OtpToken, { client, exchange }: PreauthRequest): boolean {
    const label = `${formatPrincipal(client.principal)} ${digestOf(token)}`;
    const least = Math.max(next.get(label) ?? 0, token.counter ?? 0);
    const count = countOf(value, token, { least, now: exchange.now });
    if (count === undefined) return false;
    next.set(label, count + 1);
    if (token.counter !== undefined) keepCounter(client, { ...token, counter: count + 1 }, exchange);
    return true;
  }

  return {
    padataType: PA_OTP_REQUEST,
    offers: ({ exchange, client: { policy } }) =>
      exchange.fast === undefined || policy.otp === undefined ? [] : [challenge(policy.otp, exchange)],
    verify(padataValue, request) {
      const { exchange, client } = request;
      const armorKey = exchange.fast?.key;
      const token = client.policy.otp;
      if (armorKey === undefined || token === undefined) return undefined;
      const value = open(padataValue, request);
      if (value === undefined || !judge(value, token, request)) return undefined;
      return { flags: PRE_AUTHENT, replyKey: armorKey };
    },
  };
}

/** Identifies a token's parameters except for the time or the counter, without revealing the secret. */
function digestOf({ secret, period, algorithm }: OtpToken): string {
  return createHash('sha256')
    .update(JSON.stringify([secret, period, algorithm]))
    .digest('base64');
}

/** The challenge for the token; its nonce contains the time, so that a late answer leads to a new challenge. */
function challenge({ digits = 6 }: OtpToken, { now }: Exchange) {
  const nonce = Buffer.alloc(TIME_BYTES + RANDOM_BYTES);
  nonce.writeBigUInt64BE(BigInt(Math.floor(now)));
  nonce.set(randomBytes(RANDOM_BYTES), TIME_BYTES);
  const padataValue = PaOtpChallenge.encode({
    nonce,
    otpTokenInfo: [{ flags: 0, otpLength: digits, otpFormat: DECIMAL }],
  });
  return { padataType: PA_OTP_CHALLENGE, padataValue };
}

/** The value that the client sends; undefined if it does not belong to this armor. */
function open(padataValue: Uint8Array, { exchange }: PreauthRequest): string | undefined {
  try {
    const { encData, otpValue: sent } = PaOtpRequest.decode(padataValue);
    const { nonce } = unseal(PaOtpEncRequest, encData, exchange.fast!.key, KU_PA_OTP_REQUEST);
    if (nonce.length !== TIME_BYTES + RANDOM_BYTES || sent === undefined) return undefined;
    const made = Number(Buffer.from(nonce).readBigUInt64BE());
    if (Math.abs(exchange.now - made) > exchange.kdc.clockskew * 1000) {
      refuse(KDC_ERR_PREAUTH_EXPIRED, 'PREAUTH_EXPIRED');
    }
    return Buffer.from(sent).toString('latin1');
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof CodecError) return undefined;
    throw error;
  }
}

/** The counter of a value, among those that are valid now. */
function countOf(
  value: string,
  token: OtpToken,
  { least, now }: { readonly least: number; readonly now: number },
): number | undefined {
  const step = otpStep(token, now);
  const [first, last] =
    token.counter === undefined ? [step - DRIFT, step + DRIFT] : [least, least + LOOK_AHEAD];
  let found: number | undefined;
  for (let count = Math.max(0, first, least); count <= last; count++) {
    if (isSame(otpValue(token, count), value)) found ??= count;
  }
  return found;
}

function isSame(expected: string, value: string): boolean {
  return (
    expected.length === value.length && timingSafeEqual(Buffer.from(expected), Buffer.from(value, 'latin1'))
  );
}

function keepCounter({ principal }: PrincipalEntry, otp: OtpToken, { kdc }: Exchange): void {
  if (isWritable(kdc.database)) kdc.database.update(principal, { otp });
}
