import { ActivityError, type Arguments } from '../command.ts';
import { formatTimestamp } from '../locale/time-format.ts';
import { userLocale } from '../locale/user-locale.ts';
import { printable, sentence } from '../sentences.ts';
import type { Session } from '../session.ts';
import { changesBetween } from './changes.ts';
import { statusJson } from './json.ts';
import { type Look, lookAtCaches } from './look.ts';
import { statusText } from './text.ts';

/**
 * Tells how tickets stand and then, in a line each, what becomes of them, looking every `interval` seconds until the
 * command is stopped; resolves to the exit status. What has been written is never written over, on a terminal either: a
 * screen reader would read out again all that stays the same, and nothing of it could be scrolled back to or kept.
 */
export async function watchCaches(args: Arguments, session: Session, interval: number): Promise<number> {
  const { io } = session;
  const tell = async (look: Look, changes: readonly string[]): Promise<void> => {
    if (args.has('json')) return io.out(await statusJson(look, changes));
    const time = formatTimestamp(look.now, userLocale(io.env));
    io.out(changes.map(change => `${printable(`${time}: ${change}`)}\n`).join(''));
  };
  const pause = pauses(session);
  try {
    let last = await pause.unlessStopped(lookAtCaches(args, session));
    if (last === undefined) return 1;
    const trouble = troubleOf(last);
    if (args.has('json') || trouble !== undefined) await tell(last, trouble === undefined ? [] : [trouble]);
    else io.out(await statusText(last, io));
    while (await pause.go(interval)) {
      const look = await pause.unlessStopped(lookAtCaches(args, session));
      if (look === undefined) break;
      const changes = newsSince(last, look);
      if (changes.length > 0) await tell(look, changes);
      last = look;
    }
    return last.valid ? 0 : 1;
  } finally {
    pause.release();
  }
}

function newsSince(last: Look, look: Look): readonly string[] {
  const trouble = troubleOf(look);
  if (trouble === undefined) return changesBetween(last, look);
  return trouble === troubleOf(last) ? [] : [trouble];
}

/** Why nothing can be seen, in words. */
function troubleOf({ error }: Look): string | undefined {
  if (error === undefined) return undefined;
  return sentence(error instanceof ActivityError ? error.cause : error);
}

interface Pauses {
  /** Waits so many seconds; false once the command is to stop. */
  go(seconds: number): Promise<boolean>;
  /** What comes of `work`, undefined once the command is to stop: a cache that is locked may take its time. */
  unlessStopped<T>(work: Promise<T>): Promise<T | undefined>;
  release(): void;
}

/** Milliseconds; a timer that is to wait for longer goes off at once. */
const LONGEST_PAUSE = 2 ** 31 - 1;

function pauses({ io }: Session): Pauses {
  let stopped = io.signal?.aborted === true;
  let wake = (): void => undefined;
  const stop = (): void => {
    stopped = true;
    wake();
  };
  io.signal?.addEventListener('abort', stop);
  const release = io.onStop(stop);
  const unlessStopped = <T>(work: Promise<T>): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      wake = () => resolve(undefined);
      if (stopped) wake();
      work.then(resolve, reject);
    });
  return {
    unlessStopped,
    async go(seconds) {
      let timer: NodeJS.Timeout | undefined;
      const passed = new Promise(resolve => {
        timer = setTimeout(resolve, Math.min(seconds * 1000, LONGEST_PAUSE));
      });
      await unlessStopped(passed);
      clearTimeout(timer);
      return !stopped;
    },
    release() {
      io.signal?.removeEventListener('abort', stop);
      release();
    },
  };
}
