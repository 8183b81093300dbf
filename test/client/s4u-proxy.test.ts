import { describe, expect, it } from 'vitest';
import { getCredentialByProxy } from '../../src/client/s4u.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { CANONICALIZE, CNAME_IN_ADDL_TKT, FORWARDABLE } from '../../src/messages/flags.ts';
import type { KdcReqBody } from '../../src/messages/kdc-req.ts';
import {
  formatPrincipal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';
import { PA_PAC_OPTIONS, PaPacOptions } from '../../src/messages/s4u.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { type Answer, bodyOf, type Lies, NOW, refusal, scripted, tgsReply } from '../support/scripted-kdc.ts';
import { newCache } from './realm.ts';
import { bob, dataOf, front, newTgt, session, tgsPadata, ticketFor } from './s4u-support.ts';

const back = parsePrincipal('back/y@A.TEST');
const evidence = ticketFor(front, session, bob);

async function ask(answer: Answer | readonly Answer[], { server = back } = {}) {
  const cache = newCache();
  await cache.initialize({ principal: front, credentials: [newTgt(session), evidence] });
  const transport = scripted(...[answer].flat());
  const options = { transport, now: () => NOW };
  const asking = getCredentialByProxy(cache, { evidence, server }, options);
  return { cache, transport, options, asking };
}

const honest = (lies: Lies = {}, client = bob) => tgsReply(session, lies, client);

describe('a ticket by proxy', () => {
  it('is for the client of the evidence, and is kept with that', async () => {
    const { cache, asking } = await ask(honest());
    const got = await asking;
    expect([got.client, got.server].map(principal => formatPrincipal(principal))).toEqual([
      'bob@A.TEST',
      'back/y@A.TEST',
    ]);
    expect((await cache.load()).credentials.at(-1)).toEqual(got);
    expect([got.secondTicket, got.isSkey]).toEqual([evidence.ticket, false]);
  });

  it('is asked for with the evidence, and with what a resource’s owner may allow', async () => {
    const { transport, asking } = await ask(honest());
    await asking;
    const [request] = transport.requests as [Uint8Array];
    const body = bodyOf(request);
    expect(body.kdcOptions).toBe(FORWARDABLE | CANONICALIZE | CNAME_IN_ADDL_TKT);
    expect(body.additionalTickets).toEqual([evidence.ticket]);
    expect(PaPacOptions.decode(dataOf(tgsPadata(request), PA_PAC_OPTIONS))).toEqual({ flags: 0x10000000 });
  });

  it('is taken from the cache for the same evidence alone', async () => {
    const { cache, transport, options, asking } = await ask(honest());
    const got = await asking;
    const again = await getCredentialByProxy(cache, { evidence, server: back }, options);
    expect(again.ticket).toEqual(got.ticket);
    const other = { ...evidence, ticket: newTgt(session).ticket };
    const cachedOnly = { ...options, cachedOnly: true };
    const asked = getCredentialByProxy(cache, { evidence: other, server: back }, cachedOnly);
    await expect(asked).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
    expect(transport.requests).toHaveLength(1);
  });

  it('is asked for in the service’s own realm where none is named', async () => {
    const { transport, asking } = await ask(honest(), { server: { ...back, realm: '' } });
    expect((await asking).server.realm).toBe('');
    expect(bodyOf(transport.requests[0]!).realm).toBe('A.TEST');
  });

  it('is not to be had from a KDC that refuses', async () => {
    const { asking } = await ask(refusal(13));
    await expect(asking).rejects.toMatchObject({ errorCode: 13 });
  });

  it.each<[string, Answer]>([
    ['the service itself', honest({}, front)],
    ['another client', honest({}, parsePrincipal('carol@A.TEST'))],
    ['another realm’s client', honest({}, { ...bob, realm: 'B.TEST' })],
    ['another server', honest({ part: { sname: toPrincipalName(front) }, ticket: {} })],
    ['another realm', honest({ part: { sname: toPrincipalName(tgsPrincipal('B.TEST')) } })],
  ])('may not be for %s', async (_, answer) => {
    const { cache, asking } = await ask(answer);
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
    expect((await cache.load()).credentials).toHaveLength(2);
  });
});

describe('a ticket by proxy for a service of another realm', () => {
  const inB = toPrincipalName(tgsPrincipal('B.TEST'));
  const crossKey = randomKey(18);
  const options = (flags: number) => [
    { padataType: PA_PAC_OPTIONS, padataValue: PaPacOptions.encode({ flags }) },
  ];
  const proxyTicket = { etype: 18, cipher: new Uint8Array(50) };
  const referral = (lies: Lies['part'] = {}, client = front): Answer =>
    honest(
      {
        part: { sname: inB, encryptedPaData: options(0x10000000), ...lies },
        ticket: { encPart: proxyTicket },
      },
      client,
    );
  const ownTgt = honest({ part: { sname: inB, key: toEncryptionKey(crossKey) } }, front);
  const there = (lies: Lies = {}, client = bob) => tgsReply(crossKey, lies, client);

  it('is got there with the own ticket and the referral as evidence', async () => {
    const { cache, transport, asking } = await ask([referral(), ownTgt, there()], {
      server: { ...back, realm: '' },
    });
    const got = await asking;
    expect([got.client, got.server.realm]).toEqual([{ ...bob, nameType: 1 }, '']);
    const [, own, last] = transport.requests.map(bodyOf) as [KdcReqBody, KdcReqBody, KdcReqBody];
    expect([own.sname, own.additionalTickets]).toEqual([inB, undefined]);
    expect([last.realm, last.kdcOptions & CNAME_IN_ADDL_TKT]).toEqual(['B.TEST', CNAME_IN_ADDL_TKT]);
    expect(Ticket.decode(last.additionalTickets![0]!).encPart).toEqual(proxyTicket);
    expect((await cache.load()).credentials.map(({ server }) => formatPrincipal(server))).toEqual([
      'krbtgt/A.TEST@A.TEST',
      'front/x@A.TEST',
      'krbtgt/B.TEST@A.TEST',
      'back/y@',
    ]);
  });

  it.each<[string, readonly Answer[]]>([
    ['a KDC that does not know of resources', [referral({ encryptedPaData: undefined })]],
    ['a KDC that says it does not know of resources', [referral({ encryptedPaData: options(0) })]],
    [
      'another realm, which refers on',
      [
        referral(),
        ownTgt,
        there({
          part: { sname: toPrincipalName(tgsPrincipal('C.TEST')), encryptedPaData: options(0x10000000) },
        }),
      ],
    ],
    ['another realm, for another client', [referral(), ownTgt, there({}, front)]],
    [
      'another realm, for another server',
      [referral(), ownTgt, there({ part: { sname: toPrincipalName(front) } })],
    ],
  ])('is not taken from %s', async (_, answers) => {
    const { asking } = await ask(answers);
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });
});
