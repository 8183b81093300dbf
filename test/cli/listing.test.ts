import { describe, expect, it } from 'vitest';
import { createListing, type TimeColumn, timeColumn } from '../../src/cli/listing.ts';
import { loadLocale } from '../../src/cli/locale/locale.ts';
import { formatTimestampCell } from '../../src/cli/locale/time-format.ts';
import { captureIo } from '../support/io.ts';

async function column(env: Readonly<Record<string, string>>): Promise<TimeColumn> {
  const args = {
    given: [],
    operands: [],
    beforeDashes: 0,
    has: () => false,
    value: () => undefined,
    values: () => [],
  };
  return timeColumn(await createListing(args, captureIo({ env })));
}

describe('the column for times', () => {
  it.each(['C', 'C.UTF-8', 'de_DE.UTF-8'])('says in %s of many times what it says of one', async name => {
    const env = { LC_ALL: name };
    const { width, cell } = await column(env);
    const locale = loadLocale(env);
    const start = Date.UTC(2026, 2, 29, 0, 59, 0) / 1000;
    // Hours, halves of them, and seconds, over a change of the clocks in Europe, and far from it.
    const steps = [0, 1, 59, 60, 1800, 3599, 3600, 3601, 7200, 10_800, 86_400, -86_400, -3_000_000_000, 1e9];
    const times = Array.from({ length: 60 }, (_, i) => i * 977).flatMap(more =>
      steps.map(step => new Date((start + step + more) * 1000)),
    );
    const expected = times.map(time => formatTimestampCell(time, locale, width));
    expect(times.map(cell)).toEqual(expected);
  });
});
