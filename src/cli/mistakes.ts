import type { Arguments } from './command.ts';

interface Judgement {
  /** What MIT's says where one of these letters comes again, each but the first time. */
  readonly once: Readonly<Record<string, string>>;
  /** What else is wrong with an option. */
  readonly judge?: (option: string, value: string) => string | undefined;
}

/** What is wrong among the options, in the order in which they are given, as getopt and MIT's programs tell it. */
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
