import { describe, expect, it } from 'vitest';
import {
  PA_ENC_TIMESTAMP,
  PA_ENCRYPTED_CHALLENGE,
  PA_ETYPE_INFO2,
  PA_FX_COOKIE,
  PA_SPAKE,
} from '../../src/messages/numbers.ts';
import { EtypeInfo2 } from '../../src/messages/preauth-data.ts';
import { PaSpake } from '../../src/messages/spake.ts';
import { MethodData, type PaData } from '../../src/messages/types.ts';
import { mechanismsInOrder } from '../../src/preauth/mechanisms.ts';
import { inFast } from '../support/fast-kdc.ts';
import {
  type Answer,
  asReply,
  padataOf,
  passwordKey,
  preauthRequired,
  refusal,
  scripted,
} from '../support/scripted-kdc.ts';
import { login, passwordOf } from './as-support.ts';
import { armoredLogin, honest, offerChallenge, session } from './fast-support.ts';

const offer = (padataType: number, padataValue: Uint8Array = new Uint8Array(0)): PaData => ({
  padataType,
  padataValue,
});
const offerTimestamp = offer(PA_ENC_TIMESTAMP);
const cookie = (...bytes: number[]): PaData => offer(PA_FX_COOKIE, Uint8Array.from(bytes));
const moreData = (padata: readonly PaData[]): Answer => refusal(91, { eData: MethodData.encode(padata) });
/** A challenge that wants a second factor of a kind that nobody has. */
const otpChallenge = offer(
  PA_SPAKE,
  PaSpake.encode({ challenge: { group: 1, pubkey: new Uint8Array(32), factors: [{ type: 99 }] } }),
);
const sent = (request: Uint8Array) => padataOf(request).map(({ padataType }) => padataType);

describe('the order of mechanisms', () => {
  const types = (preferred?: readonly number[]) =>
    mechanismsInOrder(preferred)
      .map(({ padataType }) => padataType)
      .filter(type => [PA_SPAKE, PA_ENCRYPTED_CHALLENGE, PA_ENC_TIMESTAMP].includes(type));

  it('is the best first', () => {
    expect(types()).toEqual([PA_SPAKE, PA_ENCRYPTED_CHALLENGE, PA_ENC_TIMESTAMP]);
  });

  it('is what is preferred first, unknown types being passed over', () => {
    expect(types([99, PA_ENC_TIMESTAMP, PA_ENCRYPTED_CHALLENGE])).toEqual([
      PA_ENC_TIMESTAMP,
      PA_ENCRYPTED_CHALLENGE,
      PA_SPAKE,
    ]);
  });

  it('decides among what the KDC offers', async () => {
    const offers = inFast(session, () => preauthRequired([offerTimestamp, offerChallenge]));
    const reply = inFast(session, armor => asReply(honest(armor)));
    expect((await armoredLogin([offers, reply])).padataType).toBe(PA_ENCRYPTED_CHALLENGE);
    const preferredPreauthTypes = [PA_ENC_TIMESTAMP];
    expect((await armoredLogin([offers, reply], { preferredPreauthTypes })).padataType).toBe(
      PA_ENC_TIMESTAMP,
    );
  });
});

describe('a mechanism of several rounds', () => {
  it('is given what the KDC says of it in each', async () => {
    const kdc = scripted(preauthRequired([offer(PA_SPAKE)]), moreData([otpChallenge]));
    await expect(login(kdc)).rejects.toMatchObject({ code: 'PREAUTH_FAILED' });
    expect(kdc.requests.map(sent).map(types => types.includes(PA_SPAKE))).toEqual([false, true]);
  });

  it('brings back the cookie of the last round alone', async () => {
    const kdc = scripted(
      preauthRequired([cookie(1), offer(PA_SPAKE), offerTimestamp]),
      moreData([cookie(2), otpChallenge]),
      asReply(),
    );
    await login(kdc);
    const cookies = kdc.requests.map(request =>
      padataOf(request).filter(({ padataType }) => padataType === PA_FX_COOKIE),
    );
    expect(cookies).toEqual([[], [cookie(1)], [cookie(2)]]);
  });

  it.each([
    ['that says nothing of it', moreData([offerTimestamp])],
    ['without data', refusal(91)],
  ])('ends with a KDC that wants more, %s', async (_, answer) => {
    const kdc = scripted(preauthRequired([offer(PA_SPAKE), offerTimestamp]), answer);
    await expect(login(kdc)).rejects.toMatchObject({ errorCode: 91 });
    expect(kdc.requests).toHaveLength(2);
  });

  it('does not go on for ever', async () => {
    const kdc = scripted(preauthRequired([offer(PA_SPAKE)]), moreData([offer(PA_SPAKE)]));
    await expect(login(kdc)).rejects.toThrow();
    expect(kdc.requests.length).toBeLessThan(13);
  });

  it('that nobody asked for is none', async () => {
    await expect(login([moreData([offerTimestamp])])).rejects.toMatchObject({ errorCode: 91 });
  });
});

describe('another mechanism', () => {
  it('is tried where the first cannot go on', async () => {
    const lines: string[] = [];
    const kdc = scripted(
      preauthRequired([offer(PA_SPAKE), offerTimestamp]),
      moreData([otpChallenge]),
      asReply(),
    );
    const { padataType } = await login(kdc, { trace: line => lines.push(line) });
    expect(padataType).toBe(PA_ENC_TIMESTAMP);
    expect(lines.join('\n')).toMatch(/mechanism 151 \(SPAKE\)[\s\S]*cannot go on[\s\S]*mechanism 2 /);
  });

  it('is tried where the KDC refuses what was said before the key was used', async () => {
    const kdc = [preauthRequired([offer(PA_SPAKE), offerTimestamp]), refusal(24), asReply()];
    expect((await login(kdc)).padataType).toBe(PA_ENC_TIMESTAMP);
  });

  it('keeps the salt that the KDC told with the first offers', async () => {
    const info = offer(PA_ETYPE_INFO2, EtypeInfo2.encode([{ etype: 18, salt: 'pepper' }]));
    const kdc = scripted(
      preauthRequired([offer(PA_SPAKE), offerTimestamp, info]),
      moreData([otpChallenge]),
      asReply({ key: passwordKey(18, 'pepper') }),
    );
    await login(kdc);
    expect(kdc.requests).toHaveLength(3);
  });

  it.each([
    ['refuses the password', refusal(24), { code: 'PASSWORD_INCORRECT' }],
    ['refuses it in other words', refusal(31), { code: 'PASSWORD_INCORRECT' }],
    ['asks once more', preauthRequired([offerTimestamp]), { errorCode: 25 }],
  ])('is not tried once the key has been used: the KDC %s', async (_, refused, failure) => {
    const offers = preauthRequired([offerChallenge, offerTimestamp]);
    const kdc = scripted(
      inFast(session, () => offers),
      inFast(session, () => refused),
    );
    await expect(armoredLogin(kdc)).rejects.toMatchObject(failure);
    expect(kdc.requests).toHaveLength(2);
  });

  it('does not ask for the password again', async () => {
    const secret = passwordOf();
    const kdc = [preauthRequired([offer(PA_SPAKE), offerTimestamp]), refusal(24), asReply()];
    await login(kdc, {}, { secret });
    expect(secret.asked).toBe(1);
  });
});

describe('a conversation that the KDC says has expired', () => {
  const expired = refusal(90);

  it('is begun anew, with nothing of the old one', async () => {
    const kdc = scripted(
      preauthRequired([cookie(1), offerTimestamp]),
      expired,
      preauthRequired([cookie(2), offerTimestamp]),
      asReply(),
    );
    await login(kdc);
    expect(sent(kdc.requests[2]!)).not.toContain(PA_FX_COOKIE);
    expect(padataOf(kdc.requests[3]!)).toContainEqual(cookie(2));
  });

  it('is begun anew once', async () => {
    const kdc = scripted(preauthRequired([offerTimestamp]), expired);
    await expect(login(kdc)).rejects.toMatchObject({ errorCode: 90 });
    expect(kdc.requests).toHaveLength(3);
  });
});
