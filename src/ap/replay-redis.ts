import type { ReplayCache } from './replay-cache.ts';
import { type SharedReplayOptions, sharedReplayCache } from './replay-shared.ts';

/** As much of a connected client of the npm package `redis` as is used. */
export interface RedisClient {
  set(key: string, value: string, options: { readonly NX: true; readonly PX: number }): Promise<unknown>;
}

/** A replay cache in a Redis database that many acceptors share; see `sharedReplayCache`. */
export function redisReplayCache(client: RedisClient, options: SharedReplayOptions = {}): ReplayCache {
  const setIfAbsent = async (key: string, ttlSeconds: number): Promise<boolean> => {
    const answer = await client.set(key, '1', { NX: true, PX: ttlSeconds * 1000 });
    // What is there already stays, and the answer is null.
    if (answer === null) return false;
    // A client may be set to give bytes. One of another package may not even have asked for what we mean.
    if (String(answer) === 'OK') return true;
    throw new TypeError('the client does not answer as those of the package redis do');
  };
  return sharedReplayCache({ setIfAbsent }, options);
}
