/** One line of a table. */
export type Row = Readonly<Record<string, string | number>>;

/** What a figure is to reach in every row that has the cells. */
export interface Line {
  readonly cells: Row;
  /** Whose figure it is. */
  readonly column: string;
  /** `lower`: the figure is to be the bound at most; `higher`: at least. */
  readonly better: 'lower' | 'higher';
  readonly bound: number;
}

/** How often `operation` runs in a second, measured for about `seconds` after a quarter of that to warm up. */
export function rate(operation: () => unknown, seconds = 0.2): number {
  count(operation, seconds / 4);
  return count(operation, seconds);
}

function count(operation: () => unknown, seconds: number): number {
  const start = performance.now();
  let done = 0;
  let elapsed = 0;
  for (let batch = 1; elapsed < seconds * 1000; batch *= 2) {
    for (let i = 0; i < batch; i++) operation();
    done += batch;
    elapsed = performance.now() - start;
  }
  return Math.round((done / elapsed) * 1000);
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
