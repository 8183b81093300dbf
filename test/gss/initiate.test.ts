import { describe, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { findPeerTgt } from '../../src/client/user-to-user.ts';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import { getConstrainedCredential } from '../../src/gss/constrained.ts';
import type { GssError } from '../../src/gss/gss-error.ts';
import { type OpenContextOptions, openContext } from '../../src/gss/initiate.ts';
import type { PrincipalOptions } from '../../src/kdc/memory-database.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { FORWARDED } from '../../src/messages/flags.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { createTestRealm, host, newCache } from '../client/realm.ts';
import { bob, front, newTgt, session } from '../client/s4u-support.ts';
import { alice, NOW, scripted, tgsReply } from '../support/scripted-kdc.ts';
import { establish, play } from './support.ts';

const message = Buffer.from('text');

/** A realm, alice's cache in it, and what opens a context of hers with host/server. */
async function start(policy: PrincipalOptions = {}, forwardable = true) {
  const realm = createTestRealm();
  realm.database.add(host, { random: true }, policy);
  const cache = await realm.cacheWith({ forwardable });
  const { transport, now } = realm;
  const acceptor = createAcceptor({ keytab: realm.database.exportKeytabEntries(host), now });
  const open = (options: Partial<OpenContextOptions> = {}) =>
    openContext(host, cache, { transport, now, ...options });
  return { realm, cache, acceptor, open };
}

describe('a context that is opened from a cache', () => {
  it('is with the service that was named, and its ticket stays in the cache', async () => {
    const { realm, cache, acceptor, open } = await start();
    await establish(await open(), acceptor);
    expect(acceptor.info).toMatchObject({ initiator: alice, acceptor: host, flags: { delegation: false } });
    const asked = realm.transport.count;
    await open();
    expect(realm.transport.count).toBe(asked);
    expect((await cache.load()).credentials).toHaveLength(2);
  });

  it('tells whom it is with by the ticket, whatever name was asked for', async () => {
    const { realm, cache, acceptor } = await start();
    const initiator = await openContext({ ...host, realm: '' }, cache, realm);
    await establish(initiator, acceptor);
    expect(initiator.info.acceptor).toMatchObject(host);
  });

  it('is opened by a client keytab where there is no cache', async () => {
    const { realm, acceptor } = await start();
    const entries = realm.database.exportKeytabEntries(alice);
    const keytab = { ...resolveKeytab('MEMORY:none'), entries: async () => entries };
    const options = { ...realm, clientKeytab: { keytab, forwardable: true }, delegation: 'always' } as const;
    await establish(await openContext(host, newCache(), options), acceptor);
    expect(acceptor.info).toMatchObject({ initiator: alice, flags: { delegation: true } });
  });

  it('goes by the KDC’s clock, which the cache remembers', async () => {
    const realm = createTestRealm({}, { kdcAhead: 1000 });
    const cache = await realm.cacheWith();
    const keytab = realm.database.exportKeytabEntries(host);
    const ahead = () => new Date(realm.now().getTime() + 1_000_000);
    const context = await openContext(host, cache, realm);
    await establish(context, createAcceptor({ keytab, now: ahead, clockskew: 5 }));
    expect(context.established).toBe(true);
  });

  it.each<[string, OpenContextOptions['delegation'], PrincipalOptions, boolean, boolean]>([
    ['no delegation is asked for', undefined, { okAsDelegate: true }, true, false],
    ['the KDC trusts the service', 'policy', { okAsDelegate: true }, true, true],
    ['the KDC does not trust the service', 'policy', {}, true, false],
    ['whatever the KDC says', 'always', {}, true, true],
    ['the ticket cannot be forwarded', 'always', {}, false, false],
  ])('delegates or does not: %s', async (_, delegation, policy, forwardable, delegates) => {
    const { acceptor, open } = await start(policy, forwardable);
    await establish(await open({ delegation }), acceptor);
    expect(acceptor.info.flags.delegation).toBe(delegates);
    expect(acceptor.info.delegated?.length).toBe(delegates ? 1 : undefined);
    if (delegates) expect(acceptor.info.delegated![0]!.flags & FORWARDED).toBe(FORWARDED);
  });

  it('may be one of user-to-user authentication', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    const peer = parsePrincipal('bob@A.TEST');
    realm.database.add(peer, { password: 'alicepw' });
    const { credential } = await realm.login({}, peer);
    const peerCache = newCache();
    await peerCache.initialize({ principal: peer, credentials: [credential] });
    const { now } = realm;
    const acceptor = createAcceptor({ keytab: [], tgt: await findPeerTgt(peerCache, realm), now });
    const initiator = await openContext(peer, cache, { ...realm, userToUser: true });
    await establish(initiator, acceptor);
    expect(acceptor.info).toMatchObject({ initiator: alice, acceptor: peer });
    expect(Buffer.from(acceptor.unwrap(initiator.wrap(message)).message)).toEqual(message);
  });

  it('needs a principal', async () => {
    const { realm, cache } = await start();
    for (const target of ['host@server', undefined, { service: 'host' }]) {
      await expect(openContext(target as never, cache, realm)).rejects.toEqual(
        new TypeError('a target is what hostBasedPrincipal makes'),
      );
    }
  });

  it('needs a transport', async () => {
    const { cache } = await start();
    for (const options of [undefined, {}]) {
      await expect(openContext(host, cache, options as never)).rejects.toEqual(
        new TypeError('a transport is what createTransport makes'),
      );
    }
  });

  it('names the service by the ticket where it refuses, whatever name was asked for', async () => {
    const { realm, cache } = await start();
    const initiator = await openContext({ ...host, realm: '' }, cache, realm);
    const refused: unknown = await createAcceptor({ keytab: [], now: realm.now })
      .step(await initiator.step())
      .catch(error => error);
    const told = initiator.step((refused as GssError).token);
    await expect(told).rejects.toThrow(`for ${formatPrincipal(host)}`);
  });

  it('tells why there is no ticket', async () => {
    const { realm, cache } = await start();
    const nobody = parsePrincipal('host/nobody@A.TEST');
    await expect(openContext(nobody, cache, realm)).rejects.toMatchObject({ code: 'KDC_ERROR' });
  });
});

describe('constrained delegation', () => {
  const back = parsePrincipal('back/y@A.TEST');

  async function ownCache(): Promise<Ccache> {
    const cache = newCache();
    await cache.initialize({ principal: front, credentials: [newTgt(session)] });
    return cache;
  }

  it('gets a ticket in the name of whoever opened the context', async () => {
    const { acceptor } = await play();
    const evidence = { ...acceptor.info.evidence!, client: bob };
    const transport = scripted(tgsReply(session, {}, bob));
    const info = { ...acceptor.info, evidence };
    const options = { transport, now: () => NOW };
    const got = await getConstrainedCredential(await ownCache(), { info, server: back }, options);
    expect(got).toMatchObject({ client: bob, server: back });
  });

  it('needs the ticket that an acceptor has seen', async () => {
    const { initiator } = await play({ credential: {} });
    const asking = getConstrainedCredential(
      await ownCache(),
      { info: initiator.info, server: back },
      { transport: scripted(), now: () => NOW },
    );
    await expect(asking).rejects.toMatchObject({ major: 'NO_CRED' });
  });
});
