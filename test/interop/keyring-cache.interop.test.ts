import { describe, expect, it, vi } from 'vitest';
import type { CacheContents } from '../../src/ccache/ccache.ts';
import { keyringType } from '../../src/ccache/keyring.ts';
import { environment, isRoot } from '../ccache/samples.ts';
import { alice, credential, tgt } from '../ccache/tickets.ts';
import { useKeyringLab } from '../support/keyring-lab.ts';
import { describePeer } from '../support/peers.ts';

vi.setConfig({ testTimeout: 120_000 });

describePeer('keyutils', () => {
  const lab = useKeyringLab();

  describe('a KEYRING cache', () => {
    const hour = 3_600_000;
    const now = new Date(Math.floor(Date.now() / 1000) * 1000);
    const endtime = new Date(now.getTime() + hour);
    const ticket = (server: string) => credential(server, { authtime: now, endtime });
    const ownTgt = { ...tgt, authtime: now, endtime };
    const cache = () => keyringType.resolve(`user:${lab.unique}`, environment(lab.home));
    const collection = () => keyringType.collection!(`user:${lab.unique}`, environment(lab.home))!;
    const fill = (...credentials: CacheContents['credentials']) =>
      cache().initialize({ principal: alice, credentials, kdcOffset: undefined });
    const servers = async () =>
      (await cache().load()).credentials.map(({ server }) => server.components.join('/')).sort();

    it('has one ticket of a kind after it was stored twice, and none that has expired', async () => {
      const old = { ...ticket('host/old@A.TEST'), endtime: new Date(now.getTime() - hour) };
      await fill(ownTgt, old);
      await cache().store([ticket('host/a@A.TEST')], now);
      const later = { ...ticket('host/a@A.TEST'), endtime: new Date(endtime.getTime() + 1000) };
      await cache().store([later], now);
      expect(await servers()).toEqual(['host/a', 'krbtgt/A.TEST']);
      expect((await cache().load()).credentials).toContainEqual(later);
    });

    it('keeps tickets of several kinds to one server', async () => {
      const others = [
        { ...ticket('host/a@A.TEST'), key: { keytype: 17, keyvalue: new Uint8Array(16) } },
        { ...ticket('host/a@A.TEST'), isSkey: true },
      ];
      await fill(ownTgt, ticket('host/a@A.TEST'), others[0]!);
      await cache().store([others[1]!], now);
      expect(await servers()).toEqual(['host/a', 'host/a', 'host/a', 'krbtgt/A.TEST']);
      await cache().store(others, now);
      const { credentials } = await cache().load();
      expect(credentials).toHaveLength(4);
      for (const other of others) expect(credentials).toContainEqual(other);
    });

    it('loses what is removed, and nothing else', async () => {
      await fill(ownTgt, ticket('host/a@A.TEST'), ticket('host/b@A.TEST'));
      expect(await cache().remove(({ server }) => server.components[1] === 'a')).toBe(1);
      expect(await servers()).toEqual(['host/b', 'krbtgt/A.TEST']);
    });

    it('is replaced whole', async () => {
      await fill(ownTgt, ticket('host/a@A.TEST'));
      await fill(ownTgt);
      expect(await servers()).toEqual(['krbtgt/A.TEST']);
    });

    it('is the old one or the new one for who reads it meanwhile', async () => {
      await fill(ownTgt, ticket('host/a@A.TEST'));
      let writing = true;
      const written = (async () => {
        for (let i = 0; i < 10; i++)
          await fill(ownTgt, ticket(i % 2 === 0 ? 'host/b@A.TEST' : 'host/a@A.TEST'));
        writing = false;
      })();
      while (writing)
        expect(await servers()).toEqual([expect.stringMatching(/^host\/[ab]$/), 'krbtgt/A.TEST']);
      await written;
    });

    it('has all that is stored at once', async () => {
      await fill(ownTgt);
      const names = ['a', 'b', 'c', 'd', 'e'];
      await Promise.all(names.map(name => cache().store([ticket(`host/${name}@A.TEST`)], now)));
      expect(await servers()).toEqual([...names.map(name => `host/${name}`), 'krbtgt/A.TEST']);
    });

    it('takes the room of the one it replaces where there is none for both', async () => {
      const large = { ...ticket('host/a@A.TEST'), ticket: new Uint8Array(12_000).map((_, i) => i) };
      for (let i = 0; i < 3; i++) await fill(ownTgt, large);
      expect((await cache().load()).credentials).toContainEqual(large);
    });

    it('is found by nobody once it is destroyed', async () => {
      const absent = {
        code: 'CACHE_NOT_FOUND',
        message: `Credentials cache keyring 'user:${lab.unique}:${lab.unique}' not found`,
      };
      await expect(cache().load()).rejects.toMatchObject(absent);
      await expect(cache().destroy()).rejects.toMatchObject(absent);
      await fill(ownTgt);
      await cache().destroy();
      await expect(cache().store([ownTgt], now)).rejects.toMatchObject(absent);
      await expect(cache().remove(() => true)).rejects.toMatchObject(absent);
      await expect(cache().destroy()).rejects.toMatchObject(absent);
    });

    it('is one of a collection, which has a primary one', async () => {
      const names = async () => (await collection().list()).map(({ residual }) => residual);
      expect(await names()).toEqual([]);
      expect(await collection().primary()).toBeUndefined();
      await fill(ownTgt);
      const second = await collection().create(alice);
      await second.initialize({ principal: alice, credentials: [ownTgt], kdcOffset: undefined });
      expect(await names()).toEqual([`user:${lab.unique}:${lab.unique}`, second.residual]);
      await collection().setPrimary(second);
      expect(await names()).toEqual([second.residual, `user:${lab.unique}:${lab.unique}`]);
      expect((await collection().primary())?.residual).toBe(second.residual);
      const primary = cache();
      await primary.destroy();
      expect(primary.residual).toBe(second.residual);
      expect(await names()).toEqual([`user:${lab.unique}:${lab.unique}`]);
      expect(await collection().primary()).toBeUndefined();
    });

    it('by its own name stands for itself alone', async () => {
      await fill(ownTgt);
      const one = (subsidiary: string) =>
        keyringType.collection!(`user:${lab.unique}:${subsidiary}`, environment(lab.home))!;
      const names = async (subsidiary: string) =>
        (await one(subsidiary).list()).map(({ residual }) => residual);
      expect(await names(lab.unique)).toEqual([`user:${lab.unique}:${lab.unique}`]);
      expect(await names('other')).toEqual([]);
      expect(await one('other').primary()).toBeUndefined();
    });

    it.skipIf(isRoot)('of another user is not to be had', async () => {
      const other = keyringType.resolve(`persistent:${lab.uid}`, environment(lab.home));
      await expect(other.load()).rejects.toMatchObject({
        code: 'CACHE_NAME',
        message: 'Invalid UID in persistent keyring name',
      });
    });
  });
});
