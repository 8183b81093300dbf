import { type Arguments, type Command, longFlag, UsageError } from './command.ts';
import { unknownCommand } from './nearest.ts';

/**
 * The subcommand that the first operand names; undefined without operands. Throws UsageError if there is none of that
 * name, and for options of the command itself before it: they would be lost, and it would use another file than the one
 * they name.
 */
export function subcommandOf(
  { name, subcommands = {}, options }: Pick<Command, 'name' | 'subcommands' | 'options'>,
  { operands: [word], given }: Arguments,
): Command | undefined {
  if (word === undefined) return undefined;
  const found = Object.hasOwn(subcommands, word) ? subcommands[word] : undefined;
  if (found === undefined) throw unknownCommand(name, word, Object.keys(subcommands));
  const own = options.flatMap(({ flags }) => flags.split(/[ ,]+/));
  const early = given.flatMap(each => ('option' in each ? longFlag(each.option) : []));
  const lost = early.find(flag => own.includes(flag));
  if (lost !== undefined) throw new UsageError(`${name}: write ${lost} after "${word}"`);
  return found;
}
