import { spawnSync } from 'node:child_process';
import type { Command } from '../../src/cli/command.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { bytesToText } from '../../src/codec/text.ts';
import { captureIo } from './io.ts';
import { checkOutput } from './output-schema.ts';
import { findProgram } from './peers.ts';

export type Environment = Readonly<Record<string, string>>;

/** What a program said. */
export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the reference implementation's program of the same name says, with `input` on its standard input. */
export function theirs(command: Command, argv: readonly string[], env: Environment, input = ''): Said {
  const options = { env, argv0: command.name, timeout: 20_000, input };
  const { status, stdout, stderr } = spawnSync(findProgram(command.name)!, argv, options);
  return { status, stdout: bytesToText(stdout), stderr: bytesToText(stderr) };
}

/** What our command says, with the same. */
export async function ours(
  command: Command,
  argv: readonly string[],
  env: Environment,
  input = '',
): Promise<Said> {
  const io = captureIo({ env, uid: process.getuid?.(), stdin: input });
  const status = await runCommand(command, argv, io);
  if (argv.includes('--json')) checkOutput(io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}
