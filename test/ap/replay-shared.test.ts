import { describe, expect, it } from 'vitest';
import { acceptApReq } from '../../src/ap/acceptor.ts';
import { createApReq } from '../../src/ap/initiator.ts';
import { redisReplayCache } from '../../src/ap/replay-redis.ts';
import { type SharedStore, sharedReplayCache } from '../../src/ap/replay-shared.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { keytab, later, makeCredential, NOW } from './made-up.ts';

const now = () => NOW;

/** A store that remembers for how long it was to remember. */
function memoryStore(): SharedStore & { readonly kept: Map<string, number> } {
  const kept = new Map<string, number>();
  return {
    kept,
    async setIfAbsent(key, ttlSeconds) {
      if (kept.has(key)) return false;
      kept.set(key, ttlSeconds);
      return true;
    },
  };
}

describe('a replay cache in a store that acceptors share', () => {
  it('refuses to one what another has accepted', async () => {
    const store = memoryStore();
    const { apReq } = createApReq(makeCredential(), { now });
    await acceptApReq(apReq, { keytab, now, replayCache: sharedReplayCache(store) });
    const again = acceptApReq(apReq, { keytab, now, replayCache: sharedReplayCache(store) });
    await expect(again).rejects.toMatchObject({ errorCode: 34 });
  });

  it('accepts one of several that are shown a request at the same moment', async () => {
    const store = memoryStore();
    const { apReq } = createApReq(makeCredential(), { now });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        acceptApReq(apReq, { keytab, now, replayCache: sharedReplayCache(store) }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is told to remember an authenticator until nobody takes it, whose clock is one skew behind', async () => {
    const store = memoryStore();
    const cache = sharedReplayCache(store, { clockskew: 60 });
    for (const seconds of [-60, 0, 60]) await cache.check(randomBytes(12), later(seconds), NOW);
    expect([...store.kept.values()]).toEqual([61, 121, 181]);
  });

  it('has keys of a name of its own', async () => {
    const store = memoryStore();
    await sharedReplayCache(store, { prefix: 'a:' }).check(Uint8Array.of(1, 254), NOW, NOW);
    expect([...store.kept.keys()]).toEqual(['a:01fe']);
  });

  it.each<[string, SharedStore]>([
    ['fails', { setIfAbsent: () => Promise.reject(new Error('gone')) }],
    ['does not answer', { setIfAbsent: () => new Promise(() => undefined) }],
  ])('refuses requests where the store %s', async (_, store) => {
    const { apReq } = createApReq(makeCredential(), { now });
    const replayCache = sharedReplayCache(store, { timeout: 0.01 });
    await expect(acceptApReq(apReq, { keytab, now, replayCache })).rejects.toMatchObject({
      errorCode: 60,
      detail: 'the replay cache cannot be used',
    });
  });
});

describe('a replay cache in Redis', () => {
  it('sets a key for its time unless it is there', async () => {
    const calls: unknown[] = [];
    const client = {
      async set(...call: unknown[]) {
        calls.push(call);
        return calls.length === 1 ? 'OK' : null;
      },
    };
    const cache = redisReplayCache(client, { prefix: 'p:' });
    await cache.check(Uint8Array.of(7), NOW, NOW);
    await expect(cache.check(Uint8Array.of(7), NOW, NOW)).rejects.toMatchObject({ errorCode: 34 });
    expect(calls[0]).toEqual(['p:07', '1', { NX: true, PX: 601_000 }]);
  });

  it('takes a client’s bytes for the text they are', async () => {
    await redisReplayCache({ set: async () => Buffer.from('OK') }).check(Uint8Array.of(7), NOW, NOW);
  });

  it('is not made with a clock skew that is not a number', () => {
    const set = async () => 'OK';
    expect(() => redisReplayCache({ set }, { clockskew: Number.NaN })).toThrow(TypeError);
  });

  it.each([undefined, false, true, 0, 1, '', 'QUEUED', {}])(
    'refuses requests where the answer is %j',
    async answer => {
      const { apReq } = createApReq(makeCredential(), { now });
      const replayCache = redisReplayCache({ set: async () => answer });
      await expect(acceptApReq(apReq, { keytab, now, replayCache })).rejects.toMatchObject({ errorCode: 60 });
    },
  );
});
