import { allOptions, type Command, type OptionRow } from '../command.ts';
import { commands } from '../commands.ts';
import { type ArgumentKind, operandKinds, optionKind } from './kinds.ts';

/** An option as shells need it. */
export interface CompletionOption {
  /** `-c`, `--cache`: one or both. */
  readonly names: readonly string[];
  /** Undefined if it takes no argument. */
  readonly argument: ArgumentKind | undefined;
  readonly text: string;
}

/** A command as shells need it. */
export interface CompletionNode {
  /** The words that call it after `krb5kit`, such as `cache list`; empty for krb5kit itself. */
  readonly path: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  /** In order; if `repeats`, the last one stands for all that may follow. */
  readonly operands: readonly ArgumentKind[];
  readonly repeats: boolean;
  /** Whether options end at the first operand. */
  readonly passThrough: boolean;
  /** Whether a command to run follows `--`. */
  readonly runs: boolean;
  readonly children: readonly CompletionNode[];
}

/** The commands that are also programs of their own, which use the same rows. */
export const CLASSIC: readonly string[] = [
  'kinit',
  'klist',
  'kdestroy',
  'kpasswd',
  'kswitch',
  'ktutil',
  'kvno',
];

const helpOption: OptionRow = { flags: '--help', text: 'Show this help.' };

/** krb5kit and every command below it, parents first; the node of `completion` is that command. */
export async function completionNodes(completion: Command): Promise<readonly CompletionNode[]> {
  const loaded = Object.entries(commands).map(async ([name, { load }]) => nodeOf(name, await load()));
  const children = [...(await Promise.all(loaded)), nodeOf('completion', completion)];
  const words = children.map(({ path }) => path);
  const none = { options: [], operands: [], repeats: false, passThrough: true, runs: false, children: [] };
  const help = { ...none, path: 'help', summary: 'Show the options of a command.', operands: [{ words }] };
  const options = [{ flags: '--version', text: 'Show the version.' }, helpOption].map(optionOf);
  const krb5kit = {
    ...none,
    path: '',
    summary: 'A Kerberos 5 toolkit.',
    options,
    children: [...children, help],
  };
  return nodesIn(krb5kit);
}

/** The last word of the path, by which the command is called. */
export function callingWord({ path }: CompletionNode): string {
  return path.split(' ').at(-1)!;
}

function nodesIn(node: CompletionNode): readonly CompletionNode[] {
  return [node, ...node.children.flatMap(nodesIn)];
}

function nodeOf(path: string, command: Command): CompletionNode {
  const { summary, operands, passThrough = false, subcommands = {} } = command;
  const children = Object.entries(subcommands).map(([word, child]) => nodeOf(`${path} ${word}`, child));
  return {
    path,
    summary,
    options: [...allOptions(command).filter(({ hidden }) => !hidden), helpOption].map(optionOf),
    operands: children.length > 0 ? [] : operandKinds(path, operands),
    repeats: operands.includes('...'),
    passThrough,
    runs: children.length === 0 && /\bcommand\b/.test(operands),
    children,
  };
}

function optionOf({ flags, text }: OptionRow): CompletionOption {
  return { names: flags.replace(/ <.*/, '').split(', '), argument: optionKind(flags), text };
}
