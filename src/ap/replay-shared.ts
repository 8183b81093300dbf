import { bytesToHex } from '../codec/text.ts';
import { KRB_AP_ERR_REPEAT } from '../messages/error-codes.ts';
import { secondsOf } from '../messages/seconds.ts';
import { ApError } from './ap-error.ts';
import { type ReplayCache, ReplayCacheError } from './replay-cache.ts';

/** A store that the acceptors of several machines share. */
export interface SharedStore {
  /**
   * Sets a key for so many seconds unless it is set already; resolves to whether it was set now. The store must do this
   * atomically.
   */
  setIfAbsent(key: string, ttlSeconds: number): Promise<boolean>;
}

export interface SharedReplayOptions {
  /** The acceptors' clock skew in seconds, by which their own clocks may differ as well; 300 if not given. */
  readonly clockskew?: number | undefined;
  /** The prefix of the keys in the store; `krb5-replay:` if not given. */
  readonly prefix?: string | undefined;
  /** How many seconds to wait for the store's answer; 5 if not given. */
  readonly timeout?: number | undefined;
}

/**
 * A replay cache in a store that many acceptors share, so that each refuses what another has accepted. Where the store
 * fails or does not answer, requests are refused.
 */
export function sharedReplayCache(store: SharedStore, options: SharedReplayOptions = {}): ReplayCache {
  const { prefix = 'krb5-replay:', timeout = 5 } = options;
  const clockskew = secondsOf('clockskew', options.clockskew, 300);
  return {
    async check(tag, ctime, now) {
      // How long the authenticator could be accepted by an acceptor whose clock is one skew behind ours.
      const ahead = (ctime.getTime() - now.getTime()) / 1000;
      const ttl = Math.ceil(Math.max(1, ahead + 2 * clockskew + 1));
      const isNew = await answerOf(store.setIfAbsent(prefix + bytesToHex(tag), ttl), timeout);
      if (!isNew) throw new ApError(KRB_AP_ERR_REPEAT);
    },
  };
}

async function answerOf(answer: Promise<boolean>, timeout: number): Promise<boolean> {
  let overdue: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      overdue = setTimeout(() => reject(new Error(`no answer within ${timeout} s`)), timeout * 1000);
    });
    return await Promise.race([answer, late]);
  } catch (cause) {
    throw new ReplayCacheError('the replay cache cannot be used', { cause });
  } finally {
    clearTimeout(overdue);
  }
}
