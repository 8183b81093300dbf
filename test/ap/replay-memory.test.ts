import { describe, expect, it } from 'vitest';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { later, NOW } from './made-up.ts';

const REPEAT = expect.objectContaining({ errorCode: 34 });

describe('the replay cache in memory', () => {
  it('knows an authenticator again, and no other', () => {
    const cache = createMemoryReplayCache();
    const tags = Array.from({ length: 1000 }, () => randomBytes(12));
    for (const tag of tags) cache.check(tag, NOW, NOW);
    for (const tag of tags) expect(() => cache.check(tag, NOW, NOW)).toThrow(REPEAT);
  });

  it('knows it for as long as it could be used, also that of a clock that is ahead', () => {
    const cache = createMemoryReplayCache({ clockskew: 300 });
    const tag = randomBytes(12);
    cache.check(tag, later(299), NOW);
    for (const seconds of [1, 300, 598]) {
      cache.check(randomBytes(12), later(seconds), later(seconds));
      expect(() => cache.check(tag, later(299), later(seconds))).toThrow(REPEAT);
    }
  });

  it('forgets what nobody could use again', () => {
    const cache = createMemoryReplayCache({ clockskew: 300, capacity: 2 });
    cache.check(randomBytes(12), NOW, NOW);
    cache.check(randomBytes(12), NOW, NOW);
    const tag = randomBytes(12);
    expect(() => cache.check(tag, later(300), later(300))).toThrow(
      expect.objectContaining({ name: 'ReplayCacheError', errorCode: 60 }),
    );
    cache.check(tag, later(302), later(302));
  });

  it('does not accept what it has forgotten when the clock is set back', () => {
    const cache = createMemoryReplayCache({ clockskew: 300 });
    const tag = randomBytes(12);
    cache.check(tag, NOW, NOW);
    cache.check(randomBytes(12), later(1000), later(1000));
    expect(() => cache.check(tag, NOW, NOW)).toThrow(expect.objectContaining({ errorCode: 37 }));
  });

  it('is not made with a clock skew that is none', () => {
    expect(() => createMemoryReplayCache({ clockskew: Number.NaN })).toThrow(TypeError);
  });

  it('can refuse what a process before it may have seen', () => {
    const cache = createMemoryReplayCache({ lostUntil: NOW });
    expect(() => cache.check(randomBytes(12), later(-1), NOW)).toThrow(
      expect.objectContaining({ errorCode: 37 }),
    );
    expect(() => cache.check(randomBytes(12), later(1), NOW)).not.toThrow();
  });
});
