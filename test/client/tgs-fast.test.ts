import { describe, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { fastNote } from '../../src/client/fast-available.ts';
import { renewCredential } from '../../src/client/renew.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { PaFxFastRequest } from '../../src/messages/fast.ts';
import { TgsReq } from '../../src/messages/kdc-req.ts';
import { PA_FX_FAST, PA_TGS_REQ } from '../../src/messages/numbers.ts';
import { parsePrincipal, tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { type FastLies, inFast } from '../support/fast-kdc.ts';
import { type Answer, NOW, refusal, scripted, tgsReply } from '../support/scripted-kdc.ts';
import { armorCache, armorTicket, machine, session } from './fast-support.ts';

const host = parsePrincipal('host/server@A.TEST');
const mallory = { nameType: 1, nameString: ['mallory'] };

/** A cache of `machine` whose realm does FAST. */
async function fastCache(): Promise<Ccache> {
  return armorCache([fastNote(machine, tgsPrincipal('A.TEST')), armorTicket()]);
}

/** An honest TGS-REP in FAST. */
function strengthened(lies?: FastLies): Answer {
  return inFast(
    session,
    ({ strengthen, subkey }) => tgsReply(session, { key: strengthen(subkey) }, machine),
    lies,
  );
}

async function ask(answers: readonly Answer[], server = host) {
  const kdc = scripted(...answers);
  const asking = getServiceCredential(await fastCache(), server, { transport: kdc, now: () => NOW });
  return { asking, kdc };
}

const types = (request: Uint8Array) => TgsReq.decode(request).padata!.map(({ padataType }) => padataType);

describe('a TGS exchange', () => {
  it('goes within FAST where the cache notes that the realm does FAST, and the ticket is the armor', async () => {
    const { asking, kdc } = await ask([strengthened()]);
    expect((await asking).server).toEqual(host);
    expect(types(kdc.requests[0]!)).toEqual([PA_TGS_REQ, PA_FX_FAST]);
    const { padataValue } = TgsReq.decode(kdc.requests[0]!).padata![1]!;
    expect(PaFxFastRequest.decode(padataValue).armoredData.armor).toBeUndefined();
  });

  it('goes without where it does not', async () => {
    const kdc = scripted(tgsReply(session, {}, machine));
    await getServiceCredential(await armorCache(), host, { transport: kdc, now: () => NOW });
    expect(types(kdc.requests[0]!)).toEqual([PA_TGS_REQ]);
  });

  it('that renews a ticket goes within FAST, too', async () => {
    const kdc = scripted(strengthened());
    const options = { transport: kdc, now: () => NOW, fast: true };
    const renewed = await renewCredential(armorTicket(), options);
    expect(renewed.server).toEqual(tgsPrincipal('A.TEST'));
  });

  it('goes on without FAST in a realm that nobody vouches for', async () => {
    const next = randomKey(18);
    const referral = inFast(session, ({ strengthen, subkey }) =>
      tgsReply(
        session,
        {
          part: { sname: toPrincipalName(tgsPrincipal('B.TEST')), key: toEncryptionKey(next) },
          key: strengthen(subkey),
        },
        machine,
      ),
    );
    const { asking, kdc } = await ask([referral, tgsReply(next, {}, machine)]);
    expect((await asking).client).toEqual(machine);
    expect(kdc.requests.map(types)).toEqual([[PA_TGS_REQ, PA_FX_FAST], [PA_TGS_REQ]]);
  });

  it('is told the error within FAST', async () => {
    const { asking } = await ask([inFast(session, () => refusal(7))]);
    await expect(asking).rejects.toMatchObject({ name: 'KdcError', errorCode: 7 });
  });

  it('comes to its end with a KDC that offers FAST and answers without', async () => {
    const { asking } = await ask([tgsReply(session, {}, machine)]);
    expect((await asking).server).toEqual(host);
  });
});

describe('a TGS-REP within FAST is refused', () => {
  it.each<[string, FastLies]>([
    ['with another nonce', told => ({ ...told, nonce: told.nonce ^ 1 })],
    ['without an end', { finished: undefined }],
    ['for another client', told => ({ ...told, finished: { ...told.finished!, cname: mallory } })],
    ['without a strengthen-key', { strengthenKey: undefined }],
    ['with another strengthen-key', { strengthenKey: toEncryptionKey(randomKey(18)) }],
  ])('%s', async (_, lies) => {
    const { asking } = await ask([strengthened(lies)]);
    await expect(asking).rejects.toMatchObject({
      code: expect.stringMatching(/^(REPLY_MODIFIED|INTEGRITY)$/),
    });
  });

  it('sealed with the key that was not strengthened', async () => {
    const { asking } = await ask([inFast(session, () => tgsReply(session, {}, machine))]);
    await expect(asking).rejects.toMatchObject({ code: 'INTEGRITY' });
  });
});
