import type { ReplayCache } from './replay-cache.ts';
import { type SharedReplayOptions, sharedReplayCache } from './replay-shared.ts';

/** The part of a connected client of the npm package `redis` that is used. */
export interface RedisClient {
  set(key: string, value: string, options: { readonly NX: true; readonly PX: number }): Promise<unknown>;
}

/** A replay cache in a Redis database that many acceptors share; see `sharedReplayCache`. */
export function redisReplayCache(client: RedisClient, options: SharedReplayOptions = {}): ReplayCache {
  const setIfAbsent = async (key: string, ttlSeconds: number): Promise<boolean> => {
    const answer = await client.set(key, '1', { NX: true, PX: ttlSeconds * 1000 });
    // An existing key is kept, and the answer is null.
    if (answer === null) return false;
    // A client may be configured to return bytes. One of another package may have sent another command.
    if (String(answer) === 'OK') return true;
    throw new TypeError('the client does not answer as those of the package redis do');
  };
  return sharedReplayCache({ setIfAbsent }, options);
}
