import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { configEntry, findConfig } from '../../src/ccache/config-entries.ts';
import { kcmType } from '../../src/ccache/kcm.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { environment } from '../ccache/samples.ts';
import { alice, credential, tgt } from '../ccache/tickets.ts';
import { type HeimdalKcm, startHeimdalKcm } from '../support/heimdal-kcm.ts';
import { describePeer } from '../support/peers.ts';

const hour = 3_600_000;
const now = new Date(Math.floor(Date.now() / 1000) * 1000);
const endtime = new Date(now.getTime() + hour);
const ticket = (server: string) => credential(server, { authtime: now, endtime });
const ownTgt = { ...tgt, authtime: now, endtime };
const bob = parsePrincipal('bob@A.TEST');

/** A server of another make: set TEST_KCM_SOCKET to the socket of one, such as SSSD's, to run this against it. */
const other = process.env.TEST_KCM_SOCKET;

describePeer('heimdal-kcm', () => {
  let kcm: HeimdalKcm | undefined;
  let cache: (name: string) => Ccache;
  let names: () => Promise<readonly string[]>;
  beforeAll(async () => {
    kcm = other === undefined ? await startHeimdalKcm() : undefined;
    const here = { ...environment('/nonexistent'), kcmSocket: other ?? kcm!.socket };
    cache = name => kcmType.resolve(name, here);
    names = async () => (await kcmType.collection!('', here)!.list()).map(({ residual }) => residual);
  });
  afterAll(() => kcm?.stop());
  afterEach(async () => {
    for (const name of await names()) await cache(name).destroy();
  });

  const collection = () =>
    kcmType.collection!('', { ...environment('/nonexistent'), kcmSocket: other ?? kcm!.socket })!;
  const inOrder = (credentials: readonly { server: { components: readonly string[] } }[]) =>
    credentials.map(({ server }) => server.components.join('/')).sort();

  it('keeps what it is given: tickets, entries, the offset of the clock', async () => {
    const full = {
      principal: alice,
      credentials: [ownTgt, configEntry(alice, 'pa_type', ownTgt.server, '2')],
      kdcOffset: -7000,
    };
    await cache('').initialize(full);
    const loaded = await cache('').load();
    expect(loaded).toMatchObject({ principal: { components: ['alice'] }, kdcOffset: -7000 });
    expect(loaded.credentials.find(({ server }) => server.components[0] === 'krbtgt')).toEqual(ownTgt);
    expect(Buffer.from(findConfig(loaded, 'pa_type', ownTgt.server)!).toString()).toBe('2');
  });

  it('keeps more than fits into a request of the server, and no offset where it is given none', async () => {
    const large = (i: number) => ({ ...ticket(`host/${i}@A.TEST`), ticket: new Uint8Array(4000) });
    const many = [ownTgt, ...Array.from({ length: 60 }, (_, i) => large(i))];
    await cache('').initialize({ principal: alice, credentials: many });
    const { credentials, kdcOffset } = await cache('').load();
    expect(inOrder(credentials)).toEqual(inOrder(many));
    expect(kdcOffset).toBeUndefined();
  });

  it('has one ticket of a kind after it was stored twice, and none that has expired', async () => {
    const old = { ...ticket('host/old@A.TEST'), endtime: new Date(now.getTime() - hour) };
    await cache('').initialize({ principal: alice, credentials: [ownTgt, old] });
    await cache('').store([ticket('host/a@A.TEST')], now);
    const later = { ...ticket('host/a@A.TEST'), endtime: new Date(endtime.getTime() + 1000) };
    await cache('').store([later], now);
    const { credentials } = await cache('').load();
    expect(inOrder(credentials)).toEqual(['host/a', 'krbtgt/A.TEST']);
    expect(credentials).toContainEqual(later);
  });

  it('loses what is removed, and nothing else', async () => {
    const credentials = [ownTgt, ticket('host/a@A.TEST'), ticket('host/b@A.TEST')];
    await cache('').initialize({ principal: alice, credentials });
    expect(await cache('').remove(({ server }) => server.components[1] === 'a')).toBe(1);
    expect(inOrder((await cache('').load()).credentials)).toEqual(['host/b', 'krbtgt/A.TEST']);
  });

  it('has a collection with a default', async () => {
    await cache('').initialize({ principal: alice, credentials: [ownTgt] });
    const first = (await names())[0]!;
    const second = await collection().create(bob);
    await second.initialize({ principal: bob, credentials: [] });
    await collection().setPrimary(second);
    expect(await names()).toEqual([second.residual, first]);
    expect((await collection().primary())!.residual).toBe(second.residual);
    await second.destroy();
    expect(await names()).toEqual([first]);
  });

  it('has its default made the default again by the name of the collection', async () => {
    await cache('').initialize({ principal: alice, credentials: [ownTgt] });
    const before = await names();
    await collection().setPrimary(cache(''));
    expect(await names()).toEqual(before);
    expect((await cache('').load()).principal).toEqual(alice);
  });

  it('says what MIT says of a cache that is not there', async () => {
    const none = cache(`${process.getuid!()}:none`);
    await expect(none.load()).rejects.toThrow(`Credentials cache 'KCM:${none.residual}' not found`);
    await expect(none.destroy()).rejects.toThrow('No credentials cache found');
  });
});
