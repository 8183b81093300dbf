import { parseDuration } from '../config/duration.ts';
import { type Arguments, UsageError } from './command.ts';
import type { Io } from './terminal.ts';

/** The times of a ticket as the command line wishes for them. */
export interface TimeWishes {
  /** Seconds. */
  readonly lifetime: number | undefined;
  /** Seconds. */
  readonly renewLifetime: number | undefined;
  readonly starttime: Date | undefined;
}

/** Reads -l, -r and -s. Throws UsageError; what MIT's grammar passes over in silence is told on stderr. */
export async function readWishes(args: Arguments, io: Io): Promise<TimeWishes> {
  return {
    lifetime: readLifetime('l', args, io),
    renewLifetime: readLifetime('r', args, io),
    starttime: await readStart(args.value('s'), io),
  };
}

function readLifetime(letter: 'l' | 'r', args: Arguments, io: Io): number | undefined {
  const text = args.value(letter);
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration === undefined || duration.seconds === 0) throw new UsageError(`Bad lifetime value ${text}`);
  warnIgnored(`-${letter}`, text, duration, io);
  return duration.seconds;
}

async function readStart(text: string | undefined, io: Io): Promise<Date | undefined> {
  if (text === undefined) return undefined;
  const [{ loadLocale }, { parseStartTime }] = await Promise.all([
    import('./locale/locale.ts'),
    import('./locale/start-time.ts'),
  ]);
  const now = io.now();
  const start = parseStartTime(text, now, loadLocale(io.env));
  if (start === undefined) throw new UsageError(`Bad start time value ${text}`);
  const seconds = Math.round((start.time.getTime() - now.getTime()) / 1000);
  warnIgnored('-s', text, { seconds, ignored: start.ignored }, io);
  return start.time;
}

function warnIgnored(
  option: string,
  text: string,
  { seconds, ignored }: { readonly seconds: number; readonly ignored: string },
  io: Io,
): void {
  if (ignored.trim() === '') return;
  const meant = `${seconds} second${seconds === 1 ? '' : 's'}`;
  io.err(`kinit: warning: ${option} ${text} is taken for ${meant}, as "${ignored}" is not understood\n`);
}
