import { beforeEach, describe, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { findConfig } from '../../src/ccache/config-entries.ts';
import { openContext } from '../../src/gss/initiate.ts';
import { initializeProxyCache } from '../../src/gss/proxy-cache.ts';
import { CNAME_IN_ADDL_TKT } from '../../src/messages/flags.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { newCache } from '../client/realm.ts';
import { bob, front, newTgt, session, ticketFor } from '../client/s4u-support.ts';
import { bodyOf, later, NOW, scripted, tgsReply } from '../support/scripted-kdc.ts';

const back = parsePrincipal('back/y@A.TEST');
const evidence = ticketFor(front, session, bob);
const now = () => NOW;
let own: Ccache;
let cache: Ccache;

beforeEach(async () => {
  own = newCache();
  cache = newCache();
  await own.initialize({ principal: front, credentials: [newTgt(session)], kdcOffset: 5 });
  await initializeProxyCache(cache, { own, evidence });
});

describe('a cache by which a service acts for a user', () => {
  it('is the user’s, and holds the service’s tickets, the evidence and who acts', async () => {
    const contents = await cache.load();
    expect(contents).toMatchObject({ principal: bob, kdcOffset: 5 });
    expect(Buffer.from(findConfig(contents, 'proxy_impersonator')!).toString()).toBe('front/x@A.TEST');
    expect(contents.credentials[0]).toEqual(newTgt(session));
    expect(contents.credentials.at(-1)).toEqual(evidence);
  });

  it('opens contexts in the user’s name by S4U2Proxy; the ticket for one is found again', async () => {
    const transport = scripted(tgsReply(session, {}, bob));
    const context = await openContext(back, cache, { transport, now });
    await context.step();
    const { additionalTickets, kdcOptions } = bodyOf(transport.requests[0]!);
    expect(additionalTickets).toEqual([evidence.ticket]);
    expect(kdcOptions & CNAME_IN_ADDL_TKT).toBe(CNAME_IN_ADDL_TKT);
    await openContext(back, cache, { transport, now });
    expect(transport.requests).toHaveLength(1);
    expect((await cache.load()).principal).toEqual(bob);
  });

  it('opens those with the service itself by the evidence', async () => {
    const context = await openContext(front, cache, { transport: scripted(), now, flags: { mutual: false } });
    await context.step();
    expect(context.info).toMatchObject({ initiator: bob, acceptor: front });
  });

  it('opens none once the evidence has expired', async () => {
    await initializeProxyCache(cache, { own, evidence: { ...evidence, endtime: later(-1) } });
    await expect(openContext(back, cache, { transport: scripted(), now })).rejects.toMatchObject({
      code: 'CREDENTIAL_NOT_FOUND',
    });
  });

  it('delegates nothing further', async () => {
    const transport = scripted(tgsReply(session, {}, bob));
    const options = { transport, now, delegation: 'always', flags: { mutual: false } } as const;
    const context = await openContext(back, cache, options);
    await context.step();
    expect(context.info.flags.delegation).toBe(false);
  });
});
