import { parseDuration } from '../../config/duration.ts';
import type { Arguments } from '../command.ts';
import type { Io } from '../terminal.ts';

/** The times that the command line requests for a ticket. */
export interface TimeWishes {
  /** Seconds. */
  readonly lifetime: number | undefined;
  /** Seconds. */
  readonly renewLifetime: number | undefined;
  readonly starttime: Date | undefined;
}

/** The result of reading -l, -r and -s. */
export interface ReadWishes {
  readonly wishes: TimeWishes;
  /** Warnings, without the program, about text that MIT's grammar ignores or interprets differently than intended. */
  readonly ignored: readonly string[];
  readonly faults: readonly Fault[];
}

/** A time that cannot be read. */
interface Fault {
  readonly option: string;
  readonly text: string;
  /** MIT's message. */
  readonly words: string;
}

/** Reads all values of -l, -r and -s: the last one of each counts, but none may be wrong. */
export async function readWishes(args: Arguments, io: Io): Promise<ReadWishes> {
  const notes: Notes = { ignored: [], faults: [] };
  const lifetime = args.values('l').map(text => readLifetime('l', text, notes));
  const starttime = await Promise.all(args.values('s').map(text => readStart(text, io, notes)));
  const renewLifetime = args.values('r').map(text => readLifetime('r', text, notes));
  const wishes = {
    lifetime: lifetime.at(-1),
    renewLifetime: renewLifetime.at(-1),
    starttime: starttime.at(-1),
  };
  return { wishes, ...notes };
}

interface Notes {
  readonly ignored: string[];
  readonly faults: Fault[];
}

function readLifetime(option: string, text: string, notes: Notes): number | undefined {
  const duration = parseDuration(text);
  if (duration === undefined || duration.seconds === 0) {
    notes.faults.push({ option, text, words: `Bad lifetime value ${text}` });
    return undefined;
  }
  noteIgnored(option, text, duration, notes);
  if (isDate(text)) noteDigits(option, text, { seconds: duration.seconds, meant: 'a date' }, notes);
  return duration.seconds;
}

/** Seconds by which a start may be past and still mean now: a script asks for the time first, and clocks differ. */
const LATE = 60;

async function readStart(text: string, io: Io, notes: Notes): Promise<Date | undefined> {
  const [{ userLocale }, { parseStartTime }, { formatTimestamp }] = await Promise.all([
    import('../locale/user-locale.ts'),
    import('../locale/start-time.ts'),
    import('../locale/time-format.ts'),
  ]);
  const now = io.now();
  const locale = userLocale(io.env);
  const start = parseStartTime(text, now, locale);
  if (start === undefined) {
    notes.faults.push({ option: 's', text, words: `Bad start time value ${text}` });
    return undefined;
  }
  const seconds = Math.round((start.time.getTime() - now.getTime()) / 1000);
  noteIgnored('s', text, { seconds, ignored: start.ignored }, notes);
  if (isDate(text)) noteDigits('s', text, { seconds, meant: 'a date', written: `${text}000000` }, notes);
  else if (seconds < -LATE) {
    // `00:00` is no duration, and thus the midnight before.
    const time = formatTimestamp(start.time, locale);
    notes.ignored.push(`warning: -s ${text} means ${time}, which is past`);
  } else if (isTimeOfDay(text)) {
    noteDigits('s', text, { seconds, meant: 'a time of day', written: 'yyyymmddhhmmss' }, notes);
  }
  return start.time;
}

function noteIgnored(
  option: string,
  text: string,
  { seconds, ignored }: { readonly seconds: number; readonly ignored: string },
  notes: Notes,
): void {
  if (ignored.trim() === '') return;
  const meant = `${seconds} second${seconds === 1 ? '' : 's'}`;
  notes.ignored.push(`warning: -${option} ${text} means ${meant}, because "${ignored}" is ignored`);
}

/** Whether text consists of digits that may be meant as a date; MIT's grammar reads them as seconds. */
function isDate(text: string): boolean {
  return /^20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/.test(text);
}

/** Whether text may be meant as a time of day; MIT's grammar reads it as a duration, in seconds if it has no colon. */
function isTimeOfDay(text: string): boolean {
  return /^(?:[01]\d|2[0-3])(:?)[0-5]\d(?:\1[0-5]\d)?$/.test(text);
}

interface Taken {
  readonly seconds: number;
  /** What the text looks like. */
  readonly meant: string;
  /** How to write that in MIT's grammar. */
  readonly written?: string;
}

function noteDigits(option: string, text: string, { seconds, meant, written }: Taken, notes: Notes): void {
  const how = written === undefined ? '' : `, which is written ${written}`;
  notes.ignored.push(`warning: -${option} ${text} means ${seconds} seconds, not ${meant}${how}`);
}
