import { printable } from '../../codec/text.ts';
import { ActivityError } from '../../local/activity.ts';
import { sentence } from '../../local/sentences.ts';
import type { Arguments } from '../command.ts';
import { formatTimestamp } from '../locale/time-format.ts';
import { userLocale } from '../locale/user-locale.ts';
import type { Session } from '../session.ts';
import { changesBetween } from './changes.ts';
import { statusJson } from './json.ts';
import { type Look, lookAtCaches } from './look.ts';
import { statusText } from './text.ts';

/**
 * Prints the state of tickets and then each change on a line, checking every `interval` seconds until the command is
 * stopped; resolves to the exit status. Output is never overwritten, even on a terminal: a screen reader would repeat
 * everything that has not changed, and nothing could be scrolled back to or kept.
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

/** Why no cache can be shown, in words. */
function troubleOf({ error }: Look): string | undefined {
  if (error === undefined) return undefined;
  return sentence(error instanceof ActivityError ? error.cause : error);
}

interface Pauses {
  /** Waits that many seconds; resolves to false once the command is to stop. */
  go(seconds: number): Promise<boolean>;
  /**
   * Resolves to the result of `work`, or to undefined once the command is to stop: opening a locked cache may take
   * long.
   */
  unlessStopped<T>(work: Promise<T>): Promise<T | undefined>;
  release(): void;
}

/** In milliseconds; a timer for a longer time fires at once. */
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
