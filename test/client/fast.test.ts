import { describe, expect, it } from 'vitest';
import { ApReq, Authenticator } from '../../src/messages/ap.ts';
import { HIDE_CLIENT_NAMES, PaFxFastRequest } from '../../src/messages/fast.ts';
import { AsReq } from '../../src/messages/kdc-req.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import {
  FX_FAST_ARMOR_AP_REQUEST,
  KU_AP_REQ_AUTHENTICATOR,
  PA_ENC_TIMESTAMP,
  PA_ENCRYPTED_CHALLENGE,
  PA_FX_COOKIE,
  PA_FX_FAST,
  PA_PAC_REQUEST,
  PA_REQ_ENC_PA_REP,
} from '../../src/messages/numbers.ts';
import { formatPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { unseal } from '../../src/messages/seal.ts';
import { inFast, type OpenedArmor } from '../support/fast-kdc.ts';
import {
  type Answer,
  alice,
  asReply,
  bodyOf,
  later,
  NOW,
  padataOf,
  passwordKey,
  preauthRequired,
  refusal,
  scripted,
} from '../support/scripted-kdc.ts';
import { login, passwordOf } from './as-support.ts';
import {
  armorCache,
  armoredLogin,
  armorTicket,
  challenging,
  honest,
  machine,
  offerChallenge,
  session,
} from './fast-support.ts';

const anonymous = { nameType: 11, nameString: ['WELLKNOWN', 'ANONYMOUS'] };

describe('an AS exchange within FAST', () => {
  it('brings a ticket for a challenge that both sides answer', async () => {
    const { credential, padataType, notes } = await armoredLogin(challenging());
    expect(formatPrincipal(credential.client)).toBe('alice@A.TEST');
    expect([padataType, notes.get('pa_type')]).toEqual([PA_ENCRYPTED_CHALLENGE, '138']);
  });

  it('brings a ticket without pre-authentication where the KDC wants none', async () => {
    const kdc = scripted(inFast(session, ({ strengthen }) => asReply({ key: strengthen(passwordKey()) })));
    expect((await armoredLogin(kdc)).padataType).toBeUndefined();
  });

  it('brings a ticket whose reply key the KDC did not strengthen', async () => {
    const kdc = scripted(inFast(session, () => asReply(), { strengthenKey: undefined }));
    expect((await armoredLogin(kdc)).credential.client).toEqual(alice);
  });

  it('shows nothing of its padata', async () => {
    const seen: number[][] = [];
    const answer = inFast(session, armor => request => {
      seen.push(padataOf(request).map(({ padataType }) => padataType));
      return asReply(honest(armor))(request, 'A.TEST');
    });
    const kdc = scripted(
      inFast(session, () => preauthRequired([offerChallenge])),
      answer,
    );
    await armoredLogin(kdc, { pac: true });
    expect(kdc.requests.map(request => padataOf(request).map(({ padataType }) => padataType))).toEqual([
      [PA_FX_FAST],
      [PA_FX_FAST],
    ]);
    expect(seen).toEqual([[PA_ENCRYPTED_CHALLENGE, PA_REQ_ENC_PA_REP, PA_PAC_REQUEST]]);
  });

  it('is one conversation of one armor key, with a nonce for each request', async () => {
    const kdc = challenging();
    await armoredLogin(kdc);
    const [first, second] = kdc.requests.map(armorOf);
    expect(first).toEqual(second);
    expect(first!.armorType).toBe(FX_FAST_ARMOR_AP_REQUEST);
    const [one, other] = kdc.requests.map(request => bodyOf(request).nonce);
    expect(one).not.toBe(other);
  });

  it('has an armor key of its own each time', async () => {
    const kdcs = [challenging(), challenging()];
    for (const kdc of kdcs) await armoredLogin(kdc);
    const [first, second] = kdcs.map(kdc => armorOf(kdc.requests[0]!));
    expect(first).not.toEqual(second);
  });

  it('presents the armor ticket by the clock of the KDC that issued it', async () => {
    const kdc = challenging();
    await armoredLogin(kdc, { armor: { cache: await armorCache([armorTicket()], 90_000) } });
    const { authenticator } = ApReq.decode(armorOf(kdc.requests[0]!).armorValue);
    const { ctime, cname } = unseal(Authenticator, authenticator, session, KU_AP_REQ_AUTHENTICATOR);
    expect([ctime, cname]).toEqual([later(90), toPrincipalName(machine)]);
  });

  it('brings cookies back, within the armor', async () => {
    const cookie = { padataType: PA_FX_COOKIE, padataValue: Uint8Array.of(7, 7) };
    const answer = inFast(session, armor => request => {
      expect(padataOf(request)).toContainEqual(cookie);
      return asReply(honest(armor))(request, 'A.TEST');
    });
    await armoredLogin([inFast(session, () => preauthRequired([cookie, offerChallenge])), answer]);
  });

  it('goes by the clock of the KDC that its errors tell', async () => {
    const told = preauthRequired([offerChallenge], { stime: later(7200) });
    const reply = (armor: OpenedArmor) => asReply({ ...honest(armor), part: { authtime: later(7200) } });
    const kdc = scripted(
      inFast(session, () => told),
      inFast(session, reply),
    );
    const { kdcOffset } = await armoredLogin(kdc);
    expect(Math.round(kdcOffset! / 1000)).toBe(7200);
    expect(bodyOf(kdc.requests[1]!).till).toEqual(later(86_400 + 7200));
  });

  it('that the KDC refuses for the password is a wrong password', async () => {
    const wrong = inFast(session, () => refusal(24));
    const kdc = [inFast(session, () => preauthRequired([offerChallenge])), wrong];
    await expect(armoredLogin(kdc)).rejects.toMatchObject({ code: 'PASSWORD_INCORRECT' });
  });

  it('tells the error that the KDC put into the armor, whatever is outside', async () => {
    const inner = inFast(session, () => refusal(6));
    const answer: Answer = (request, realm) => {
      const { eData } = KrbError.decode(inner(request, realm));
      return refusal(60, { eText: 'nothing to see', eData })(request, realm);
    };
    await expect(armoredLogin([answer])).rejects.toMatchObject({ code: 'KDC_ERROR', errorCode: 6 });
  });

  it('follows the client to another realm with an armor for that', async () => {
    const cache = await armorCache([armorTicket(), armorTicket(3600, 'B.TEST')]);
    const referral = refusal(68, { crealm: 'B.TEST', cname: toPrincipalName(alice) });
    const reply = (armor: OpenedArmor) =>
      asReply({ ...honest(armor), key: armor.strengthen(passwordKey(18, 'B.TESTalice')), rep: {} });
    const kdc = scripted(
      inFast(session, () => referral),
      inFast(session, reply),
    );
    const { credential } = await armoredLogin(kdc, { armor: { cache }, canonicalize: true });
    expect(formatPrincipal(credential.client)).toBe('alice@B.TEST');
    const tickets = kdc.requests.map(request =>
      Buffer.from(ApReq.decode(armorOf(request).armorValue).ticket),
    );
    expect(tickets[0]!.includes('B.TEST')).toBe(false);
    expect(tickets[1]!.includes('B.TEST')).toBe(true);
  });
});

describe('a hidden client', () => {
  const hidden = inFast(
    session,
    armor => (request, realm) => {
      expect(armor.fastOptions).toBe(HIDE_CLIENT_NAMES);
      expect(bodyOf(request).cname).toEqual(toPrincipalName(alice));
      return asReply({ key: armor.strengthen(passwordKey()), rep: { cname: anonymous } })(request, realm);
    },
    response => ({ ...response, finished: { ...response.finished!, cname: toPrincipalName(alice) } }),
  );

  it('is named within the armor alone, in the request and in the reply', async () => {
    const kdc = scripted(hidden);
    const { credential } = await armoredLogin(kdc, {
      armor: { cache: await armorCache(), hideClientNames: true },
    });
    expect(bodyOf(kdc.requests[0]!).cname).toEqual(anonymous);
    expect(Buffer.from(kdc.requests[0]!).includes('alice')).toBe(false);
    expect(credential.client).toEqual(alice);
  });
});

describe('an armor cache', () => {
  it.each([
    ['with an expired ticket', () => armorCache([armorTicket(-1)]), 'TICKET_EXPIRED', 'Ticket expired'],
    ['without a ticket', () => armorCache([]), 'CREDENTIAL_NOT_FOUND', 'Matching credential not found'],
  ])('%s is none, and nobody is asked for anything', async (_, cache, code, message) => {
    const secret = passwordOf();
    const kdc = scripted(asReply());
    const answer = login(kdc, { armor: { cache: await cache() } }, { secret });
    await expect(answer).rejects.toMatchObject({
      code,
      message: `Error constructing AP-REQ armor: ${message}`,
    });
    expect([kdc.requests.length, secret.asked]).toEqual([0, 0]);
  });

  it('that is no cache is none', async () => {
    const cache = await armorCache();
    await cache.destroy();
    await expect(armoredLogin([], { armor: { cache } })).rejects.toMatchObject({
      code: 'CACHE_NOT_FOUND',
      message: expect.stringContaining('Error constructing AP-REQ armor: '),
    });
  });

  it('is not changed', async () => {
    const cache = await armorCache();
    const before = await cache.load();
    await armoredLogin(challenging(), { armor: { cache } });
    expect(await cache.load()).toEqual(before);
  });
});

describe('without an armor', () => {
  it('an encrypted challenge is not answered, though the KDC offers it', async () => {
    const offerTimestamp = { padataType: PA_ENC_TIMESTAMP, padataValue: new Uint8Array(0) };
    const kdc = [preauthRequired([offerChallenge, offerTimestamp]), asReply()];
    expect((await login(kdc)).padataType).toBe(PA_ENC_TIMESTAMP);
  });

  it('PA-FX-FAST in an answer is nothing', async () => {
    const noise = { padataType: PA_FX_FAST, padataValue: Uint8Array.of(1, 2) };
    const { credential } = await login([asReply({ rep: { padata: [noise] } })], { now: () => NOW });
    expect(credential.client).toEqual(alice);
  });
});

function armorOf(request: Uint8Array) {
  const sent = AsReq.decode(request).padata!.find(({ padataType }) => padataType === PA_FX_FAST)!;
  return PaFxFastRequest.decode(sent.padataValue).armoredData.armor!;
}
