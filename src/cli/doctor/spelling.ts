/** Words that differ by more are different words. */
const MAX_DISTANCE = 2;
/** Longer words are none that anybody meant. */
const MAX_LENGTH = 64;

/** The known word that differs from `word` by a letter or two; undefined if there is none. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length < 3 || word.length > MAX_LENGTH) return undefined;
  const near = known
    .map(each => ({ each, distance: distance(word.toLowerCase(), each) }))
    .filter(row => row.distance <= MAX_DISTANCE)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.each;
}

/** How many letters must be added, removed or replaced. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return MAX_DISTANCE + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
