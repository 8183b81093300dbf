import { describe, expect, it } from 'vitest';
import { bytesToText, textToBytes } from '../../src/codec/text.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { KU_PA_OTP_REQUEST, PA_OTP_REQUEST } from '../../src/messages/numbers.ts';
import { type OtpTokenInfo, PaOtpChallenge, PaOtpEncRequest, PaOtpRequest } from '../../src/messages/otp.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { unseal } from '../../src/messages/seal.ts';
import type { PreauthContext } from '../../src/preauth/mechanism.ts';
import { otp } from '../../src/preauth/otp.ts';

const armorKey = randomKey(18);
const nonce = textToBytes('the nonce of the KDC');

function challenge(...tokens: readonly Partial<OtpTokenInfo>[]): Uint8Array {
  return PaOtpChallenge.encode({ nonce, otpTokenInfo: tokens.map(token => ({ flags: 0, ...token })) });
}

/** A session whose user answers the questions in turn. */
function begin(answers: readonly string[]) {
  const asked: string[] = [];
  let others = true;
  const context: PreauthContext = {
    client: parsePrincipal('alice@A.TEST'),
    reqBody: new Uint8Array(0),
    armorKey,
    offers: [],
    pkinit: undefined,
    ask: async prompt => {
      asked.push(prompt);
      return answers[asked.length - 1] ?? expect.unreachable();
    },
    now: () => new Date(0),
    clock: () => new Date(0),
    clientKey: () => expect.unreachable(),
    note: () => undefined,
    forbidOthers: () => {
      others = false;
    },
    trace: () => undefined,
  };
  return { session: otp.begin(context), asked, mayTryOthers: () => others };
}

async function requestFor(offered: Uint8Array, answers: readonly string[]) {
  const { session, asked } = begin(answers);
  const [padata] = await session.step(offered);
  expect(padata!.padataType).toBe(PA_OTP_REQUEST);
  return { asked, request: PaOtpRequest.decode(padata!.padataValue) };
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && bytesToText(bytes);

describe('a one-time password', () => {
  it('goes to the KDC with its nonce, sealed in the armor key', async () => {
    const { asked, request } = await requestFor(challenge({ otpTokenId: textToBytes('id') }), ['123456']);
    expect(asked).toEqual(['Enter OTP Token Value: ']);
    expect([text(request.otpValue), text(request.otpTokenId), request.otpPin]).toEqual([
      '123456',
      'id',
      undefined,
    ]);
    const opened = unseal(PaOtpEncRequest, request.encData, armorKey, KU_PA_OTP_REQUEST);
    expect(text(opened.nonce)).toBe('the nonce of the KDC');
  });

  it('answers a challenge that is shown', async () => {
    const { asked, request } = await requestFor(challenge({ otpChallenge: textToBytes('4711') }), ['x']);
    expect(asked).toEqual(['OTP Challenge: 4711\nEnter OTP Token Value: ']);
    expect(text(request.otpChallenge)).toBe('4711');
  });

  it('goes with a PIN: before it, or apart from it', async () => {
    const together = await requestFor(challenge({ flags: 0x30000000 }), ['12', '345']);
    expect(together.asked).toEqual(['Enter PIN: ', 'Enter OTP Token Value: ']);
    expect([text(together.request.otpValue), together.request.otpPin]).toEqual(['12345', undefined]);
    const apart = await requestFor(challenge({ flags: 0x12000000 }), ['12', '345']);
    expect([text(apart.request.otpValue), apart.request.otpPin]).toEqual(['345', '12']);
  });

  it('is that of the token the user has', async () => {
    const tokens = challenge({ otpVendor: 'Acme' }, { otpVendor: 'Other' });
    const { asked, request } = await requestFor(tokens, ['2', '99']);
    expect(asked[0]).toBe('Please choose from the following:\n\t1: Acme\n\t2: Other\nVendor: ');
    expect(request.otpVendor).toBe('Other');
    await expect(requestFor(tokens, ['3'])).rejects.toMatchObject({ code: 'PREAUTH_FAILED' });
    await expect(requestFor(tokens, ['Acme'])).rejects.toMatchObject({ code: 'PREAUTH_FAILED' });
  });

  it('is asked for in a prompt in which the KDC’s words drive no terminal and begin no line', async () => {
    const bell = '\u001b]0;x\u0007\r\nPassword for alice: \u202e';
    const seen = '?]0;x???Password for alice: ?';
    const shown = await requestFor(challenge({ otpChallenge: textToBytes(bell) }), ['x']);
    expect(shown.asked).toEqual([`OTP Challenge: ${seen}\nEnter OTP Token Value: `]);
    const tokens = challenge({ otpVendor: bell }, { otpTokenId: textToBytes('x'.repeat(1000)) });
    const { asked } = await requestFor(tokens, ['1', '99']);
    expect(asked[0]).toBe(
      `Please choose from the following:\n\t1: ${seen}\n\t2: ${'x'.repeat(256)}\nVendor: `,
    );
  });

  it('may be followed by the next one, but not without end', async () => {
    const { session, asked } = begin(Array.from({ length: 9 }, () => '1'));
    await session.step(challenge({}));
    const [padata] = await session.step(challenge({ flags: 0x40000000 }));
    expect(asked[1]).toBe('Enter the next OTP Token Value: ');
    expect(PaOtpRequest.decode(padata!.padataValue).flags).toBe(0x40000000);
    for (let i = 0; i < 3; i++) await session.step(challenge({}));
    await expect(session.step(challenge({}))).rejects.toMatchObject({ code: 'PREAUTH_FAILED' });
  });

  it('leaves nothing weaker to the exchange, and the armor key for the reply', async () => {
    const { session, mayTryOthers } = begin(['1']);
    await session.step(challenge({}));
    expect(mayTryOthers()).toBe(false);
    expect(
      await session.replyKey(undefined, { request: new Uint8Array(0), opens: () => true, etype: 18 }),
    ).toBe(armorKey);
  });

  it('cannot be given without a token, nor to a challenge that is none', async () => {
    await expect(requestFor(challenge(), [])).rejects.toMatchObject({ code: 'PREAUTH_FAILED' });
    await expect(requestFor(Uint8Array.of(0x30, 0), [])).rejects.toMatchObject({ code: 'CODEC' });
  });
});
