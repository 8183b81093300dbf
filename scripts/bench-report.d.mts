import type { Line, Row } from '../test/bench/measure.ts';

/** What a benchmark has measured, or why it has not. */
export interface Outcome {
  /** Its file's. */
  readonly name: string;
  readonly title?: string;
  readonly lines?: readonly Line[];
  readonly rows?: readonly Row[];
  readonly error?: string;
}

type Pairs = readonly (readonly [string, string])[];

/** The whole report in Markdown. */
export function report(
  outcomes: readonly Outcome[],
  about: { readonly date: Date; readonly machine: Pairs; readonly versions: Pairs },
): string;

/** A benchmark's part of it. */
export function section(outcome: Outcome): string;
