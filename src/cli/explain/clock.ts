import type { Decision } from '../../trace.ts';

/** Smaller differences, in milliseconds, are not worth mentioning. */
const WORTH_TELLING_MS = 5000;

/** Two readings of the same clock differ by less. */
const SAME_MS = 2000;

/** How our clock differs from that of the KDC that answered last, in words; undefined if it hardly does. */
export function clockDifference(decisions: readonly Decision[]): string | undefined {
  let target = 'the KDC';
  let offset: number | undefined;
  let kdc = target;
  for (const { fact } of decisions) {
    if (fact?.kind === 'answered') target = `KDC ${fact.target.replace(/^\w+ /, '')}`;
    if (fact?.kind !== 'clock' && fact?.kind !== 'kdc-error') continue;
    // The time in a reply has whole seconds; that in the error before it was exact.
    if (offset !== undefined && Math.abs(fact.offset - offset) < SAME_MS) continue;
    offset = fact.offset;
    kdc = target;
  }
  if (offset === undefined || Math.abs(offset) < WORTH_TELLING_MS) return undefined;
  return `your clock is ${durationInWords(Math.abs(offset))} ${offset > 0 ? 'behind' : 'ahead of'} ${kdc}`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** `7 min 12 s`: whole seconds, in at most two adjacent units. */
export function durationInWords(milliseconds: number): string {
  let left = Math.round(milliseconds / 1000);
  const counts = UNITS.map(([unit, seconds]) => {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    return { unit, count };
  });
  const largest = counts.findIndex(({ count }) => count > 0);
  return counts
    .slice(largest, largest + 2)
    .filter(({ count }) => count > 0)
    .map(({ unit, count }) => `${count} ${unit}`)
    .join(' ');
}
