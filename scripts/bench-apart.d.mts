import type { Outcome } from './bench-report.mjs';

/** The outcome of a file's benchmark; undefined where it has none. `limit` is in minutes. */
export function measureApart(
  file: string,
  options?: { readonly limit?: number },
): Promise<Outcome | undefined>;
