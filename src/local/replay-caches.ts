import type { ReplayCache } from '../ap/replay-cache.ts';
import { resolveReplayCache } from '../ap/replay-types.ts';
import { temporaryDirectory } from './directories.ts';
import type { Session } from './session.ts';

/**
 * KRB5RCACHENAME, else the cache that native services of this user share, so that replays are refused even after a
 * restart.
 */
export function replayCacheOf({ io, config }: Session): ReplayCache | undefined {
  const directory =
    io.env.KRB5RCACHEDIR ?? io.env.TMPDIR ?? (io.platform === 'win32' ? temporaryDirectory(io) : '/var/tmp');
  return resolveReplayCache(io.env.KRB5RCACHENAME || config.libdefaults.defaultRcacheName || 'dfl:', {
    directory,
    uid: io.uid ?? 0,
    clockskew: config.libdefaults.clockskew,
  });
}
