import { describe, expect, it } from 'vitest';
import { PA_ENC_TIMESTAMP, PA_ETYPE_INFO2 } from '../../src/messages/numbers.ts';
import { EtypeInfo2 } from '../../src/messages/preauth-data.ts';
import type { PaData } from '../../src/messages/types.ts';
import { cpuTime } from '../support/cpu-time.ts';
import {
  asReply,
  bodyOf,
  later,
  NOW,
  passwordKey,
  preauthRequired,
  refusal,
  scripted,
} from '../support/scripted-kdc.ts';
import { login, passwordOf } from './as-support.ts';

const offerTimestamp: PaData = { padataType: PA_ENC_TIMESTAMP, padataValue: new Uint8Array(0) };

describe('a KDC that asks for more and more', () => {
  it('offers that are garbage end the exchange', async () => {
    const garbage = refusal(25, { eData: Uint8Array.of(0x30, 0x80, 1) });
    await expect(login([garbage])).rejects.toMatchObject({ code: 'CODEC' });
  });

  it('is asked twice, not for ever', async () => {
    const kdc = scripted(preauthRequired([offerTimestamp]));
    await expect(login(kdc)).rejects.toMatchObject({ code: 'KDC_ERROR', errorCode: 25 });
    expect(kdc.requests).toHaveLength(2);
  });

  it('without any offer is asked once, and no password is read', async () => {
    const kdc = scripted(refusal(25));
    const secret = passwordOf();
    await expect(login(kdc, {}, { secret })).rejects.toMatchObject({ code: 'PREAUTH_FAILED' });
    expect([kdc.requests.length, secret.asked]).toEqual([1, 0]);
  });

  it('that always finds our clock wrong is asked once more', async () => {
    const kdc = scripted(preauthRequired([offerTimestamp]), refusal(37));
    await expect(login(kdc)).rejects.toMatchObject({ errorCode: 37 });
    expect(kdc.requests).toHaveLength(3);
  });

  it.each([
    ['too few rounds', 100],
    ['too many rounds', 0x7fffffff],
    ['no end of rounds', 0],
  ])('%s of string-to-key are refused at once', async (_, rounds) => {
    const kdc = [preauthRequired([offerTimestamp, etypeInfo2([{ etype: 18, s2kparams: uint32(rounds) }])])];
    const took = await cpuTime(() => expect(login(kdc)).rejects.toMatchObject({ code: 'S2K_PARAMS' }));
    expect(took).toBeLessThan(1000);
  });

  it.each([
    ['before the ticket', (info: PaData) => [preauthRequired([offerTimestamp, info])]],
    ['with the ticket', (info: PaData) => [asReply({ rep: { padata: [info] } })]],
  ])('only unknown enctypes %s are refused without a password', async (_, answers) => {
    const secret = passwordOf();
    const answer = login(answers(etypeInfo2([{ etype: 1 }, { etype: 99 }])), {}, { secret });
    await expect(answer).rejects.toMatchObject({ code: 'ENCTYPE_UNSUPPORTED' });
    expect(secret.asked).toBe(0);
  });
});

describe('a KDC that refers to another realm', () => {
  const referTo = (crealm: string) => refusal(68, { crealm, cname: { nameType: 10, nameString: ['alice'] } });

  it('is not followed where nobody asked for it', async () => {
    const kdc = scripted(referTo('B.TEST'));
    await expect(login(kdc)).rejects.toMatchObject({ errorCode: 68 });
    expect(kdc.requests).toHaveLength(1);
  });

  it('is not followed in a circle', async () => {
    const kdc = scripted(referTo('B.TEST'), referTo('A.TEST'));
    await expect(login(kdc, { canonicalize: true })).rejects.toMatchObject({ errorCode: 68 });
    expect(kdc.requests).toHaveLength(2);
  });

  it('is not followed for ever', async () => {
    let count = 0;
    const kdc = scripted((request, realm) => referTo(`R${count++}.TEST`)(request, realm));
    await expect(login(kdc, { canonicalize: true })).rejects.toMatchObject({ errorCode: 68 });
    expect(kdc.requests.length).toBeLessThan(10);
  });

  it('is not followed to nowhere', async () => {
    await expect(login([referTo('')], { canonicalize: true })).rejects.toMatchObject({ errorCode: 68 });
  });

  it('gets the password once, however often it refers', async () => {
    const secret = passwordOf();
    const kdc = scripted(
      preauthRequired([offerTimestamp]),
      referTo('B.TEST'),
      preauthRequired([offerTimestamp]),
      asReply({ key: passwordKey(18, 'B.TESTalice') }),
    );
    const { credential } = await login(kdc, { canonicalize: true }, { secret });
    expect(credential.client.realm).toBe('B.TEST');
    expect(secret.asked).toBe(1);
    expect(kdc.requests.map(request => bodyOf(request).realm)).toEqual([
      'A.TEST',
      'A.TEST',
      'B.TEST',
      'B.TEST',
    ]);
  });
});

describe('a KDC whose clock is not ours', () => {
  const late = { part: { authtime: later(600), starttime: later(600) } };

  it('is gone by, and the difference is told', async () => {
    const { kdcOffset } = await login([asReply(late)], { lifetime: 3600 });
    expect(Math.round(kdcOffset! / 1000)).toBe(600);
  });

  it('is refused where ours is to be kept', async () => {
    await expect(login([asReply(late)], { kdcTimesync: false })).rejects.toMatchObject({
      code: 'REPLY_SKEW',
    });
  });

  it('may differ by the clock skew where ours is to be kept', async () => {
    const options = { kdcTimesync: false, clockskew: 601 };
    expect((await login([asReply(late)], options)).kdcOffset).toBeUndefined();
  });

  it('is gone by before it vouches for it, however far behind a clock is that was never set', async () => {
    const tillAt = async (now: string) => {
      const kdc = scripted(preauthRequired([offerTimestamp]), asReply());
      await login(kdc, { lifetime: 3600, now: () => new Date(now) });
      return bodyOf(kdc.requests[1]!).till;
    };
    expect(await tillAt('1970-01-01T00:01:00Z')).toEqual(later(3600));
    expect(await tillAt('2025-01-01T00:00:00Z')).toEqual(later(3600));
    expect(await tillAt('2028-01-01T00:00:00Z')).toEqual(new Date('2028-01-01T01:00:00Z'));
  });

  it('is told of where a ticket has ended when it begins', async () => {
    const ended = { part: { authtime: later(0), starttime: later(0), endtime: later(-60) } };
    await expect(login([asReply(ended)])).rejects.toMatchObject({ code: 'REPLY_SKEW' });
    // Who asks for that gets it.
    expect((await login([asReply(ended)], { lifetime: -60 })).credential.endtime).toEqual(later(-60));
  });

  it('is no difference within the second that its times are rounded to', async () => {
    expect((await login([asReply()])).kdcOffset).toBeUndefined();
    const now = () => new Date(NOW.getTime() + 900);
    expect((await login([asReply()], { now })).kdcOffset).toBeUndefined();
  });
});

function etypeInfo2(entries: EtypeInfo2Value): PaData {
  return { padataType: PA_ETYPE_INFO2, padataValue: EtypeInfo2.encode(entries) };
}
type EtypeInfo2Value = Parameters<typeof EtypeInfo2.encode>[0];

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
