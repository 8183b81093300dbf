import type { Difference } from '../../support/differences.ts';
import { type Case, step } from '../../support/differential.ts';

/** The case that shows a difference. */
export function exampleOf({ example, typed, columns }: Difference): Case {
  const words = example.split(' ');
  const first = words.findIndex(word => !/^[A-Z]\w*=/.test(word));
  const env = Object.fromEntries(
    words.slice(0, first).map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
  const { input, ...line } = step(words.slice(first).join(' '));
  const read = input === undefined ? {} : { input: input.replaceAll('␠', ' ') };
  return { steps: [{ ...line, ...read, ...(typed && { typed }), ...(columns && { columns }) }], env };
}
