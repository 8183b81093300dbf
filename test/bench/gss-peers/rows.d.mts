export interface BenchRow {
  /** Makes what `once` is given; it is not counted. */
  prepare?(): unknown;
  once(input: never): unknown;
}

/** Answers lines on standard input until it ends. */
export function answerRows(rows: Readonly<Record<string, BenchRow>>): Promise<void>;
