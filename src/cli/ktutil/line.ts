/**
 * The words of a line of requests, separated by blanks and tabs; words that contain these are quoted, and two quotes
 * stand for one. Undefined if a quote is not closed.
 */
export function splitRequest(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!;
    if (quoted && character === '"' && line[i + 1] === '"') {
      word += '"';
      i++;
    } else if (character === '"') {
      word ??= '';
      quoted = !quoted;
    } else if (!quoted && (character === ' ' || character === '\t')) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quoted) return undefined;
  return word === undefined ? words : [...words, word];
}

const MAX_LONG = 2n ** 63n - 1n;

/** The number at the beginning of a text, 0 if there is none, like C's atoi: the low 32 bits, signed. */
export function leadingInteger(text: string): number {
  const digits = /^[ \t-\r]*(?:\+(?=\d))?(-?\d+)/.exec(text)?.[1] ?? '0';
  const number = BigInt(digits);
  const long = number > MAX_LONG ? MAX_LONG : number < -MAX_LONG - 1n ? -MAX_LONG - 1n : number;
  return Number(BigInt.asIntN(32, long));
}
