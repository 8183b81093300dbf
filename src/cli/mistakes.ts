import type { Arguments } from './command.ts';

interface Judgement {
  /** MIT's message when one of these letters is repeated, for each repetition. */
  readonly once: Readonly<Record<string, string>>;
  /** Any other mistake in an option. */
  readonly judge?: (option: string, value: string) => string | undefined;
}

/** The mistakes among the options, in order, as getopt and MIT's programs report them. */
export function mistakesAmong({ given }: Arguments, { once, judge }: Judgement): readonly string[] {
  const groups = Object.entries(once);
  const seen = new Set<string>();
  return given.flatMap(each => {
    if ('mistake' in each) return each.mistake;
    const [letters, words] = groups.find(([group]) => group.includes(each.option)) ?? [];
    if (letters !== undefined && seen.has(letters)) return words!;
    if (letters !== undefined) seen.add(letters);
    return judge?.(each.option, each.value) ?? [];
  });
}
