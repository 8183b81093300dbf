import type { ReplayCache } from './replay-cache.ts';
import { type SharedReplayOptions, sharedReplayCache } from './replay-shared.ts';

/** As much of a connected client of the npm package `redis` as is used. */
export interface RedisClient {
  set(key: string, value: string, options: { readonly NX: true; readonly PX: number }): Promise<unknown>;
}

/** A replay cache in a Redis database that many acceptors share; see `sharedReplayCache`. */
export function redisReplayCache(client: RedisClient, options: SharedReplayOptions = {}): ReplayCache {
  const setIfAbsent = async (key: string, ttlSeconds: number): Promise<boolean> =>
    // What is there already stays, and the answer is null.
    (await client.set(key, '1', { NX: true, PX: ttlSeconds * 1000 })) !== null;
  return sharedReplayCache({ setIfAbsent }, options);
}
