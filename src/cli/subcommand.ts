import { type Arguments, type Command, UsageError } from './command.ts';

/**
 * The subcommand that the first operand names; undefined without operands. Throws UsageError if there is none of that
 * name, and for options before it: they would be lost, and it would use another file than the one they name.
 */
export async function subcommandOf(
  { name, subcommands = {} }: Pick<Command, 'name' | 'subcommands'>,
  { operands: [word], given: [early] }: Arguments,
): Promise<Command | undefined> {
  if (word === undefined) return undefined;
  const found = Object.hasOwn(subcommands, word) ? subcommands[word] : undefined;
  if (found === undefined) {
    const { unknownCommand } = await import('./nearest.ts');
    throw unknownCommand(name, word, Object.keys(subcommands));
  }
  if (early === undefined || !('option' in early)) return found;
  const flag = early.option.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
  throw new UsageError(`${name}: write --${flag} after "${word}"`);
}
