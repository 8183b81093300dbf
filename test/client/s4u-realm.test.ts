import { describe, expect, it } from 'vitest';
import { getCredentialForUser, type S4uUser } from '../../src/client/s4u.ts';
import { AsReq } from '../../src/messages/kdc-req.ts';
import { parsePrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { PA_FOR_USER, PA_S4U_X509_USER, PaS4uX509User, S4uUserId } from '../../src/messages/s4u.ts';
import { type Answer, asReply, bodyOf, NOW, padataOf, refusal, scripted } from '../support/scripted-kdc.ts';
import { newCache } from './realm.ts';
import { dataOf, forUserReply, front, newTgt, session, tgsPadata } from './s4u-support.ts';

const enterprise = parsePrincipal('bob@corp.example', { nameType: 10, defaultRealm: 'A.TEST' });
const certificate = Uint8Array.of(0x30, 3, 2, 1, 7);
const bob = { nameType: 1, nameString: ['bob'] };
const known = refusal(25);

async function ask(answers: readonly Answer[], user: S4uUser = { name: enterprise }) {
  const cache = newCache();
  await cache.initialize({ principal: front, credentials: [newTgt(session)] });
  const transport = scripted(...answers);
  const asking = getCredentialForUser(cache, user, { transport, now: () => NOW });
  return { cache, transport, asking };
}

describe('a user of unknown realm', () => {
  it('is in the service’s where that asks for pre-authentication', async () => {
    const { transport, asking } = await ask([known, forUserReply(session, { userId: { cname: bob } })]);
    expect((await asking).client.components).toEqual(['bob']);
    const [first, second] = transport.requests as [Uint8Array, Uint8Array];
    expect(bodyOf(first)).toMatchObject({
      realm: 'A.TEST',
      cname: { nameType: 10, nameString: ['bob@corp.example'] },
      sname: { nameString: ['krbtgt', 'A.TEST'] },
    });
    expect(padataOf(first).map(({ padataType }) => padataType)).not.toContain(PA_S4U_X509_USER);
    const { userId } = PaS4uX509User.decode(dataOf(tgsPadata(second), PA_S4U_X509_USER));
    expect(S4uUserId.decode(userId)).toMatchObject({
      cname: { nameType: 10, nameString: ['bob@corp.example'] },
      crealm: 'A.TEST',
    });
  });

  it('is where a KDC gives a ticket away', async () => {
    const { asking } = await ask([asReply(), forUserReply(session, { userId: { cname: bob } })]);
    expect((await asking).client.components).toEqual(['bob']);
  });

  it('is where the KDCs refer to', async () => {
    const { transport, asking } = await ask([refusal(68, { crealm: 'B.TEST' }), known, refusal(7)]);
    await expect(asking).rejects.toMatchObject({ errorCode: 7 });
    expect(transport.requests.map(request => bodyOf(request).realm)).toEqual(['A.TEST', 'B.TEST', 'A.TEST']);
    expect(bodyOf(transport.requests[2]!).sname!.nameString).toEqual(['krbtgt', 'B.TEST']);
  });

  it.each<[string, readonly Answer[]]>([
    ['in circles', [refusal(68, { crealm: 'B.TEST' }), refusal(68, { crealm: 'A.TEST' })]],
    ['to the same realm', [refusal(68, { crealm: 'A.TEST' })]],
    ['to nowhere', [refusal(68)]],
    ['on and on', [1, 2, 3, 4, 5, 6, 7, 8].map(i => refusal(68, { crealm: `R${i}.TEST` }))],
  ])('is given up where KDCs refer %s', async (_, answers) => {
    const { transport, asking } = await ask(answers);
    await expect(asking).rejects.toMatchObject({ errorCode: 68 });
    expect(transport.requests.length).toBeLessThan(8);
  });

  it('may be known to nobody', async () => {
    const { asking } = await ask([refusal(6)]);
    await expect(asking).rejects.toMatchObject({
      code: 'KDC_ERROR',
      message: "Client 'bob\\@corp.example@A.TEST' not found in Kerberos database",
    });
  });

  it('may be nobody’s by a reply that is none', async () => {
    const { asking } = await ask([() => Uint8Array.of(0x6b, 0)]);
    await expect(asking).rejects.toMatchObject({ code: 'CODEC' });
  });
});

describe('a user known by a certificate', () => {
  const answered = forUserReply(session, { userId: { cname: bob } });

  it('is asked for without a name, and has the one that the KDC vouches for', async () => {
    const { transport, asking } = await ask([known, answered], { certificate });
    expect((await asking).client.components).toEqual(['bob']);
    const [first, second] = transport.requests as [Uint8Array, Uint8Array];
    expect(bodyOf(first).cname).toEqual({ nameType: 6, nameString: [''] });
    expect(dataOf(AsReq.decode(first).padata!, PA_S4U_X509_USER)).toEqual(certificate);
    const padata = tgsPadata(second);
    expect(padata.map(({ padataType }) => padataType)).not.toContain(PA_FOR_USER);
    const { userId } = PaS4uX509User.decode(dataOf(padata, PA_S4U_X509_USER));
    const asked = S4uUserId.decode(userId);
    expect([asked.cname, asked.subjectCertificate]).toEqual([undefined, certificate]);
  });

  it('is asked for at once where the name is given as well', async () => {
    const name = parsePrincipal('bob@A.TEST');
    const { transport, asking } = await ask([answered], { name, certificate });
    await asking;
    const { userId } = PaS4uX509User.decode(dataOf(tgsPadata(transport.requests[0]!), PA_S4U_X509_USER));
    expect(S4uUserId.decode(userId)).toMatchObject({
      cname: toPrincipalName(name),
      subjectCertificate: certificate,
    });
  });

  it('is nobody where the KDC does not vouch', async () => {
    const silent = forUserReply(session, { silent: true, client: { ...front, components: ['bob'] } });
    const { cache, asking } = await ask([known, silent], { certificate });
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
    expect((await cache.load()).credentials).toHaveLength(1);
  });
});
