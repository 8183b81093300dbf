import { parseDuration } from '../config/duration.ts';
import type { Arguments } from './command.ts';
import type { Io } from './terminal.ts';

/** The times of a ticket as the command line wishes for them. */
export interface TimeWishes {
  /** Seconds. */
  readonly lifetime: number | undefined;
  /** Seconds. */
  readonly renewLifetime: number | undefined;
  readonly starttime: Date | undefined;
}

/** What -l, -r and -s come to. */
interface ReadWishes {
  readonly wishes: TimeWishes;
  /** Warnings of what MIT's grammar passes over in silence. */
  readonly ignored: readonly string[];
  /** What cannot be read, in MIT's words. */
  readonly faults: readonly string[];
}

/** Reads -l, -r and -s, every one of them: of several the last counts, but none may be wrong. */
export async function readWishes(args: Arguments, io: Io): Promise<ReadWishes> {
  const notes: Notes = { ignored: [], faults: [] };
  const lifetime = args.values('l').map(text => readLifetime('-l', text, notes));
  const starttime = await Promise.all(args.values('s').map(text => readStart(text, io, notes)));
  const renewLifetime = args.values('r').map(text => readLifetime('-r', text, notes));
  const wishes = {
    lifetime: lifetime.at(-1),
    renewLifetime: renewLifetime.at(-1),
    starttime: starttime.at(-1),
  };
  return { wishes, ...notes };
}

interface Notes {
  readonly ignored: string[];
  readonly faults: string[];
}

function readLifetime(option: string, text: string, notes: Notes): number | undefined {
  const duration = parseDuration(text);
  if (duration === undefined || duration.seconds === 0) {
    notes.faults.push(`Bad lifetime value ${text}`);
    return undefined;
  }
  noteIgnored(option, text, duration, notes);
  return duration.seconds;
}

async function readStart(text: string, io: Io, notes: Notes): Promise<Date | undefined> {
  const [{ loadLocale }, { parseStartTime }] = await Promise.all([
    import('./locale/locale.ts'),
    import('./locale/start-time.ts'),
  ]);
  const now = io.now();
  const start = parseStartTime(text, now, loadLocale(io.env));
  if (start === undefined) {
    notes.faults.push(`Bad start time value ${text}`);
    return undefined;
  }
  const seconds = Math.round((start.time.getTime() - now.getTime()) / 1000);
  noteIgnored('-s', text, { seconds, ignored: start.ignored }, notes);
  // What is to start in the past starts at once.
  return start.time > now ? start.time : undefined;
}

function noteIgnored(
  option: string,
  text: string,
  { seconds, ignored }: { readonly seconds: number; readonly ignored: string },
  notes: Notes,
): void {
  if (ignored.trim() === '') return;
  const meant = `${seconds} second${seconds === 1 ? '' : 's'}`;
  notes.ignored.push(
    `kinit: warning: ${option} ${text} is taken for ${meant}, as "${ignored}" is not understood`,
  );
}
