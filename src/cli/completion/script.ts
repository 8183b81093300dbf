import type { Command } from '../command.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { powershellScript } from './powershell.ts';
import { type CompletionNode, completionNodes } from './tree.ts';
import { zshScript } from './zsh.ts';

const writers: Readonly<Record<string, (nodes: readonly CompletionNode[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

/** The supported shells. */
export const shells: readonly string[] = Object.keys(writers);

/** The script for a shell, generated from the tables of commands and options; undefined for an unsupported shell. */
export async function completionScript(shell: string, completion: Command): Promise<string | undefined> {
  return Object.hasOwn(writers, shell) ? writers[shell]!(await completionNodes(completion)) : undefined;
}
