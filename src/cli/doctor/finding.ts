import { printable } from '../../codec/text.ts';
import { ActivityError } from '../../local/activity.ts';
import { sentence } from '../../local/sentences.ts';
import { hintFor } from '../explain/hints.ts';
import { storyOf } from '../explain/story.ts';
import { lineOfJson } from '../json.ts';
import { wrapLine } from '../terminal/wrap.ts';
import type { Io } from '../terminal.ts';

/** The result of one check. */
export interface Finding {
  /** What was checked, such as `configuration`. */
  readonly subject: string;
  /** `note` is neither good nor bad, such as a check that could not be made. */
  readonly result: 'good' | 'bad' | 'note';
  readonly text: string;
  /** The one thing to try; every bad finding has one. */
  readonly hint?: string | undefined;
}

export function good(subject: string, text: string): Finding {
  return { subject, result: 'good', text };
}

export function note(subject: string, text: string): Finding {
  return { subject, result: 'note', text };
}

export function bad(subject: string, text: string, hint: string): Finding {
  return { subject, result: 'bad', text, hint };
}

/** The hint if there is no better one. */
const LAST_RESORT = 'set KRB5_TRACE=/dev/stderr for kinit or kvno to see each step';

interface FailedOptions {
  /** The beginning of the sentence. */
  readonly before?: string;
  /** What to try if the error suggests nothing. */
  readonly otherwise?: string;
}

/** A failed check, in the words of the commands that would fail for the same reason. */
export function failed(
  subject: string,
  error: unknown,
  io: Io,
  { before = '', otherwise = LAST_RESORT }: FailedOptions = {},
): Finding {
  const cause = error instanceof ActivityError ? error.cause : error;
  return bad(subject, `${before}${sentence(cause)}`, hintFor(storyOf(error, io)) ?? otherwise);
}

const MARKS = { good: '\u2714', bad: '\u2718', note: '-' };
const ASCII_MARKS = { good: '[ok]  ', bad: '[FAIL]', note: '[--]  ' };

/** A finding on one line, and a second one for what to try. */
export function findingText({ subject, result, text, hint }: Finding, io: Io): string {
  const marks = isUtf8(io) ? MARKS : ASCII_MARKS;
  const line = `${marks[result]} ${subject}: ${text}`;
  const indent = ' '.repeat(marks[result].length + 1);
  const lines = hint === undefined ? [line] : [line, `${indent}Try: ${hint}`];
  return lines.map(each => `${wrapLine(printable(each), io.stdoutIsTerminal, io.columns)}\n`).join('');
}

export function findingsJson(findings: readonly Finding[]): string {
  const rows = findings.map(({ hint, ...rest }) => ({ ...rest, hint: hint ?? null }));
  return lineOfJson({ healthy: findings.every(({ result }) => result !== 'bad'), findings: rows });
}

/** Whether the user's locale can display the marks. */
function isUtf8({ env }: Io): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}
