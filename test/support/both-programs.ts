import { spawnSync } from 'node:child_process';
import type { Command } from '../../src/cli/command.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { bytesToText } from '../../src/codec/text.ts';
import { captureIo } from './io.ts';
import { checkOutput } from './output-schema.ts';
import { findProgram } from './peers.ts';

export type Environment = Readonly<Record<string, string>>;

/** The output of a program. */
export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The output of the reference implementation's program of the same name, with `input` on standard input. */
export function theirs(command: Command, argv: readonly string[], env: Environment, input = ''): Said {
  const options = { env, argv0: command.name, timeout: 20_000, input };
  const { status, stdout, stderr } = spawnSync(findProgram(command.name)!, argv, options);
  return { status, stdout: bytesToText(stdout), stderr: bytesToText(stderr) };
}

/** The output of our command, with the same input. */
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
