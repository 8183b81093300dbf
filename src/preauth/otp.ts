import { bytesToText, textToBytes } from '../codec/text.ts';
import type { Key } from '../crypto/key.ts';
import { KerberosError } from '../errors.ts';
import { KU_PA_OTP_REQUEST, PA_OTP_CHALLENGE, PA_OTP_REQUEST } from '../messages/numbers.ts';
import { type OtpTokenInfo, PaOtpChallenge, PaOtpEncRequest, PaOtpRequest } from '../messages/otp.ts';
import { seal } from '../messages/seal.ts';
import type { PreauthContext, PreauthMechanism } from './mechanism.ts';

// OTPFlags, RFC 6560 §4.1; bit 0 is the highest.
const NEXT_OTP = 0x40000000;
const COMBINE_PIN = 0x20000000;
const COLLECT_PIN = 0x10000000;
const SEPARATE_PIN = 0x02000000;

/** The user of more tokens could not find the right one in the list. */
const MAX_TOKENS = 32;
/** One value, the next one, and some attempts for whoever mistypes. */
const MAX_QUESTIONS = 5;

/** RFC 6560: a one-time password, within FAST, which hides it from everybody but the KDC. */
export const otp: PreauthMechanism = {
  name: 'one-time password',
  padataType: PA_OTP_CHALLENGE,
  begin(context) {
    const armorKey = armorOf(context);
    let questions = 0;
    return {
      async step(offered) {
        // With a KDC that asks for a token, a password alone must not do.
        context.forbidOthers();
        if (++questions > MAX_QUESTIONS) throw failed('the KDC keeps asking for another one');
        const challenge = PaOtpChallenge.decode(offered);
        context.trace(`One-time password challenge received with ${challenge.otpTokenInfo.length} tokens`);
        const token = await chooseToken(challenge.otpTokenInfo, context);
        const answer = await readValue(token, context);
        const request: PaOtpRequest = {
          flags: token.flags & NEXT_OTP,
          encData: seal(PaOtpEncRequest, { nonce: challenge.nonce }, armorKey, KU_PA_OTP_REQUEST),
          otpValue: textToBytes(answer.value),
          ...(answer.pin !== undefined && { otpPin: answer.pin }),
          otpChallenge: token.otpChallenge,
          otpFormat: token.otpFormat,
          otpTokenId: token.otpTokenId,
          otpAlgId: token.otpAlgId,
          otpVendor: token.otpVendor,
        };
        context.trace('Sending one-time password');
        return [{ padataType: PA_OTP_REQUEST, padataValue: PaOtpRequest.encode(request) }];
      },
      // The value authenticates the client, and the armor the KDC.
      replyKey: async () => armorKey,
    };
  },
};

function armorOf({ armorKey }: PreauthContext): Key {
  if (armorKey === undefined) throw new TypeError('a one-time password needs an armor');
  return armorKey;
}

async function chooseToken(tokens: readonly OtpTokenInfo[], context: PreauthContext): Promise<OtpTokenInfo> {
  const [first] = tokens;
  if (first === undefined || tokens.length > MAX_TOKENS) throw failed('the KDC offers no token');
  if (tokens.length === 1) return first;
  const lines = tokens.map((token, i) => `\t${i + 1}: ${nameOf(token)}\n`);
  const text = await question(`Please choose from the following:\n${lines.join('')}Vendor`, context);
  const chosen = /^\d{1,2}$/.test(text) ? tokens[Number(text) - 1] : undefined;
  if (chosen === undefined) throw failed('there is no such token');
  return chosen;
}

function nameOf({ otpVendor, otpTokenId }: OtpTokenInfo): string {
  return shown(otpVendor ?? (otpTokenId === undefined ? 'Unknown' : bytesToText(otpTokenId)));
}

/** More than a person reads, or a KDC has to say. */
const MAX_SHOWN = 256;

/** The KDC's words within a prompt: they are to make no line of their own there, nor drive a terminal. */
function shown(text: string): string {
  return text.slice(0, MAX_SHOWN).replace(/\p{C}/gu, '?');
}

interface Answer {
  readonly value: string;
  readonly pin: string | undefined;
}

async function readValue({ flags, otpChallenge }: OtpTokenInfo, context: PreauthContext): Promise<Answer> {
  const pin = (flags & COLLECT_PIN) === 0 ? undefined : await question('Enter PIN', context);
  const challenge = otpChallenge === undefined ? '' : `OTP Challenge: ${shown(bytesToText(otpChallenge))}\n`;
  const which = (flags & NEXT_OTP) === 0 ? 'Enter OTP Token Value' : 'Enter the next OTP Token Value';
  const value = await question(`${challenge}${which}`, context);
  const combines = pin !== undefined && (flags & (COMBINE_PIN | SEPARATE_PIN)) === COMBINE_PIN;
  return combines ? { value: pin + value, pin: undefined } : { value, pin };
}

function question(text: string, { ask }: PreauthContext): Promise<string> {
  if (ask === undefined) throw failed('there is no way to ask for it');
  return ask(`${text}: `);
}

function failed(why: string): KerberosError {
  return new KerberosError('PREAUTH_FAILED', `One-time password: ${why}`);
}
