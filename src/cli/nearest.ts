import { UsageError } from './command.ts';

/** More slips than this make another word. */
const MOST_SLIPS = 2;

/** The error for a command that does not exist: the line that says so names the closest one that does. */
export function unknownCommand(program: string, word: string, names: readonly string[]): UsageError {
  const close = nearest(word, names);
  const question = close === undefined ? '' : `; did you mean '${close}'?`;
  return new UsageError(`${program}: there is no command '${word}'${question}`);
}

/**
 * The name that a word is most likely meant to be: letters may be wrong, missing, too many or swapped, up to two of
 * them, and at most a third of the word.
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const most = Math.min(MOST_SLIPS, Math.floor(word.length / 3));
  const ranked = names
    .filter(name => Math.abs(name.length - word.length) <= most)
    .map(name => ({ name, slips: slipsBetween(word.toLowerCase(), name) }))
    .filter(({ slips }) => slips <= most)
    .sort((a, b) => a.slips - b.slips);
  return ranked[0]?.name;
}

/** The least number of letters to change, add, remove or swap with the next one. */
function slipsBetween(a: string, b: string): number {
  let before: readonly number[] = [];
  let above: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? before[j - 2]! + 1 : changed;
      row.push(Math.min(changed, swapped, above[j]! + 1, row[j - 1]! + 1));
    }
    before = above;
    above = row;
  }
  return above[b.length]!;
}
