import { existsSync, linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AGENT } from '../../src/agent/operations.ts';
import { type AgentStore, memoryStore } from '../../src/agent/store.ts';
import { KcmFrames } from '../../src/ccache/kcm/frames.ts';
import { MATCH, type MatchTag } from '../../src/ccache/kcm/match.ts';
import { encodeRequest, KCM, KCM_RESULT } from '../../src/ccache/kcm/protocol.ts';
import { KerberosError } from '../../src/errors.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { alice, contents, credential, later, NOW, tgt } from '../ccache/tickets.ts';
import { localAgent, rawClient } from './support.ts';

const uid = process.getuid!();
const bob = parsePrincipal('bob@A.TEST');
const failure = (result: number) => expect.objectContaining({ result });
const anything: MatchTag = { authtime: new Date(0), endtime: new Date(0), isSkey: false, flags: 0 };

describe('a cache of the agent', () => {
  it('gives back what it was initialized with', async () => {
    const { cache } = await localAgent();
    await cache('work').initialize({ ...contents, kdcOffset: 2000 });
    expect(await cache('work').load()).toEqual({ ...contents, kdcOffset: 2000 });
  });

  it('replaces the same ticket and sweeps what has expired', async () => {
    const { cache } = await localAgent();
    const old = credential('host/old@A.TEST', { endtime: later(-1) });
    await cache('').initialize({ ...contents, credentials: [tgt, old] });
    await cache('').store([credential('host/a@A.TEST')], NOW);
    await cache('').store([credential('host/a@A.TEST', { endtime: later(7200) })], NOW);
    const { credentials } = await cache('').load();
    expect(credentials.map(({ server }) => server.components[0])).toEqual(['krbtgt', 'host']);
    expect(credentials[1]!.endtime).toEqual(later(7200));
  });

  it('removes what matches and tells how many there were', async () => {
    const { cache } = await localAgent();
    const many = [tgt, credential('host/a@A.TEST'), credential('host/b@A.TEST')];
    await cache('').initialize({ ...contents, credentials: many });
    expect(await cache('').remove(({ server }) => server.components[0] === 'host')).toBe(2);
    expect((await cache('').load()).credentials).toEqual([tgt]);
  });

  it('is destroyed once', async () => {
    const { cache } = await localAgent();
    await cache('a').initialize(contents);
    await cache('a').destroy();
    await expect(cache('a').destroy()).rejects.toThrow('No credentials cache found');
    await expect(cache('a').load()).rejects.toThrow("Credentials cache 'KCM:a' not found");
  });

  it('is given out ticket by ticket as well', async () => {
    const { cache, ask } = await localAgent();
    const many = [tgt, credential('host/a@A.TEST')];
    await cache('a').initialize({ ...contents, credentials: many });
    await ask(async kcm => {
      const { uuids } = await kcm.call(KCM.GET_CRED_UUID_LIST, { name: 'a' });
      const found = [];
      for (const uuid of uuids)
        found.push((await kcm.call(KCM.GET_CRED_BY_UUID, { name: 'a', uuid })).credential);
      expect(found).toEqual(many);
      const gone = kcm.call(KCM.GET_CRED_BY_UUID, { name: 'a', uuid: new Uint8Array(16) });
      await expect(gone).rejects.toEqual(failure(KCM_RESULT.END));
    });
  });
});

describe('RETRIEVE', () => {
  it('prefers a ticket that has not expired', async () => {
    const { cache, ask } = await localAgent();
    const expired = credential('host/a@A.TEST', { endtime: later(-5) });
    const valid = credential('host/a@A.TEST', { key: { keytype: 17, keyvalue: new Uint8Array(16) } });
    await cache('a').initialize({ ...contents, credentials: [expired, valid] });
    const tag = { ...anything, server: valid.server };
    const request = { name: 'a', flags: MATCH.CACHED_ONLY, tag };
    expect(await ask(kcm => kcm.call(KCM.RETRIEVE, request))).toEqual({ credential: valid });
    const other = {
      ...request,
      flags: MATCH.KEY_TYPE,
      tag: { ...tag, key: { keytype: 20, keyvalue: new Uint8Array() } },
    };
    await expect(ask(kcm => kcm.call(KCM.RETRIEVE, other))).rejects.toEqual(failure(KCM_RESULT.NOTFOUND));
  });
});

describe('an answer', () => {
  const retrieve = (server: MatchTag['server']) => ({ name: 'a', flags: 0, tag: { ...anything, server } });

  it('is another once the cache has changed', async () => {
    const { cache, ask } = await localAgent();
    const wanted = credential('host/a@A.TEST');
    await cache('a').initialize(contents);
    await ask(async kcm => {
      const request = retrieve(wanted.server);
      for (let i = 0; i < 2; i++) {
        await expect(kcm.call(KCM.RETRIEVE, request)).rejects.toEqual(failure(KCM_RESULT.NOTFOUND));
      }
      await kcm.call(KCM.STORE, { name: 'a', credential: wanted });
      for (let i = 0; i < 2; i++) {
        expect(await kcm.call(KCM.RETRIEVE, request)).toEqual({ credential: wanted });
      }
      await kcm.call(KCM.DESTROY, { name: 'a' });
      await expect(kcm.call(KCM.RETRIEVE, request)).rejects.toEqual(failure(KCM_RESULT.NOFILE));
    });
  });

  it('is another once the ticket in it has expired', async () => {
    let now = NOW;
    const { cache, ask } = await localAgent({ now: () => now });
    const short = credential('host/a@A.TEST', { endtime: later(10) });
    const long = credential('host/a@A.TEST', { endtime: later(100), key: { ...short.key, keytype: 17 } });
    await cache('a').initialize({ ...contents, credentials: [short, long] });
    await ask(async kcm => {
      expect(await kcm.call(KCM.RETRIEVE, retrieve(short.server))).toEqual({ credential: short });
      now = later(10);
      expect(await kcm.call(KCM.RETRIEVE, retrieve(short.server))).toEqual({ credential: long });
    });
  });

  it('is given for each of many requests that come at once, in order', async () => {
    const { cache, socket } = await localAgent();
    await cache('a').initialize(contents);
    const client = await rawClient(socket);
    const requests = Array.from({ length: 500 }, (_, i) =>
      i % 2 ? encodeRequest(KCM.NOOP, {}) : encodeRequest(KCM.GET_PRINCIPAL, { name: 'a' }),
    );
    client.end(Buffer.concat(requests));
    const frames = new KcmFrames('replies');
    for await (const chunk of client) frames.push(chunk);
    const lengths = requests.map(() => frames.next()?.length);
    expect(lengths).toEqual(requests.map((_, i) => (i % 2 ? lengths[1] : lengths[0])));
    expect(new Set(lengths).size).toBe(2);
    expect(frames.size).toBe(0);
  });
});

describe('names', () => {
  it('no name and the bare number of the user stand for the default cache', async () => {
    const { ask, cache } = await localAgent();
    expect(await ask(kcm => kcm.call(KCM.GET_DEFAULT_CACHE, {}))).toEqual({ name: String(uid) });
    await cache('mine').initialize(contents);
    for (const name of ['', String(uid)]) {
      expect(await ask(kcm => kcm.call(KCM.GET_PRINCIPAL, { name }))).toEqual({ principal: alice });
    }
    const stranger = ask(kcm => kcm.call(KCM.GET_PRINCIPAL, { name: '9' }));
    await expect(stranger).rejects.toEqual(failure(KCM_RESULT.NOFILE));
  });

  it('the default is the first cache until another is chosen, and again once that is destroyed', async () => {
    const { names, cache, collection } = await localAgent();
    await cache('a').initialize(contents);
    await cache('b').initialize({ ...contents, principal: bob });
    expect(await names()).toEqual(['a', 'b']);
    await collection.setPrimary(cache('b'));
    expect((await collection.primary())!.residual).toBe('b');
    await cache('b').destroy();
    expect((await collection.primary())!.residual).toBe('a');
    await expect(collection.setPrimary(cache('b'))).rejects.toThrow('No credentials cache found');
  });

  it('new ones begin with the number of the user, and no two are the same', async () => {
    const { ask } = await localAgent();
    const all = await Promise.all([1, 2, 3].map(() => ask(kcm => kcm.call(KCM.GEN_NEW, {}))));
    expect(new Set(all.map(({ name }) => name)).size).toBe(3);
    expect(all.every(({ name }) => name.startsWith(`${uid}:`))).toBe(true);
  });

  it('a cache that is moved takes the place of the other, and the default goes with it', async () => {
    const { ask, cache, names } = await localAgent();
    await cache('temporary').initialize(contents);
    await cache('final').initialize({ ...contents, principal: bob });
    await ask(kcm => kcm.call(KCM.MOVE_CACHE, { from: 'temporary', to: 'final' }));
    expect(await names()).toEqual(['final']);
    expect((await cache('').load()).principal).toEqual(alice);
  });
});

describe('an agent', () => {
  it('says that it has no operation, in a way that makes clients try another', async () => {
    const { ask } = await localAgent();
    const unknown = { ...KCM.NOOP, code: 15 };
    await expect(ask(kcm => kcm.call(unknown, {}))).rejects.toEqual(failure(KCM_RESULT.INTERNAL));
  });

  it('takes no more than its clients could read', async () => {
    const { cache } = await localAgent();
    const big = (name: string) => credential(name, { ticket: new Uint8Array(3 << 20) });
    await cache('a').initialize({ ...contents, credentials: [big('host/a@A.TEST'), big('host/b@A.TEST')] });
    await expect(cache('a').store([big('host/c@A.TEST')], NOW)).rejects.toThrow(
      'The credentials cache is full',
    );
    expect((await cache('a').load()).credentials).toHaveLength(2);
    const long = { ...alice, components: ['x'.repeat(9 << 20)] };
    await expect(cache('b').initialize({ principal: long, credentials: [] })).rejects.toThrow('is full');
  });

  it('tells of itself, and ends when it is asked to', async () => {
    const { ask, cache, ended } = await localAgent();
    await cache('a').initialize(contents);
    expect(await ask(kcm => kcm.call(AGENT.STATUS, {}))).toMatchObject({
      pid: 4711,
      kind: 'memory',
      locked: 0,
      caches: 1,
      clients: 1,
    });
    await ask(kcm => kcm.call(AGENT.STOP, {}));
    await ended;
    await expect(cache('a').load()).rejects.toThrow('No KCM server found');
  });

  it('ends when nobody has asked it for a while, unless it alone knows a ticket', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { cache, ended } = await localAgent({ idle: 60 });
    await cache('a').initialize(contents);
    let over = false;
    void ended.then(() => {
      over = true;
    });
    const isOverLater = async () => {
      await vi.advanceTimersByTimeAsync(70_000);
      return over;
    };
    for (let i = 0; i < 5; i++) expect(await isOverLater()).toBe(false);
    await cache('a').destroy();
    await expect.poll(isOverLater).toBe(true);
  });

  it('is asked to remove many tickets at once', async () => {
    const store = memoryStore();
    let waiting = 0;
    let most = 0;
    const slow: AgentStore = {
      ...store,
      async change(work) {
        most = Math.max(most, ++waiting);
        await sleep(5);
        waiting--;
        return store.change(work);
      },
    };
    const { cache } = await localAgent({ store: slow });
    const old = Array.from({ length: 400 }, (_, i) => credential(`host/${i}@A.TEST`));
    await cache('a').initialize({ ...contents, credentials: [tgt, ...old] });
    expect(await cache('a').remove(({ server }) => server.components[0] === 'host')).toBe(400);
    expect((await cache('a').load()).credentials).toEqual([tgt]);
    expect(most).toBeGreaterThan(20);
  });

  it('removes nothing any more once that has failed', async () => {
    const store = memoryStore();
    let changes = 0;
    const failing: AgentStore = {
      ...store,
      async change(work) {
        await sleep(1);
        if (++changes === 60) throw new KerberosError('CACHE_IO', 'No space left on device');
        return store.change(work);
      },
    };
    const { cache } = await localAgent({ store: failing });
    const old = Array.from({ length: 400 }, (_, i) => credential(`host/${i}@A.TEST`));
    await cache('a').initialize({ ...contents, credentials: [tgt, ...old] });
    const left = async () => (await cache('a').load()).credentials.length;
    await expect(cache('a').remove(() => true)).rejects.toMatchObject({ code: 'CACHE_IO' });
    const before = await left();
    expect(before).toBeGreaterThan(250);
    await sleep(300);
    expect(await left()).toBe(before);
  });

  it('ends once: the next one may have a socket of the same number', async () => {
    const { close, socket } = await localAgent();
    const other = `${socket}-other`;
    linkSync(socket, other);
    await close();
    renameSync(other, socket);
    await close();
    expect(existsSync(socket)).toBe(true);
  });

  it('ends when its socket is removed, and leaves that of its successor alone', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const first = await localAgent();
    await first.cache('a').initialize(contents);
    vi.advanceTimersByTime(60_000);
    await first.cache('a').load();
    rmSync(first.socket);
    const second = await localAgent({ socket: { path: first.socket } });
    vi.advanceTimersByTime(10_000);
    await first.ended;
    expect(first.log).toEqual(['Its socket has been removed: the agent ends']);
    await second.cache('b').initialize(contents);
    expect(second.log).toEqual([]);
  });

  it('leaves nothing behind', async () => {
    const { ask, ended, socket } = await localAgent();
    await ask(kcm => kcm.call(AGENT.STOP, {}));
    await ended;
    expect(readdirSync(dirname(socket))).toEqual([]);
  });
});
