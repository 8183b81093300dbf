import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { killAtExit } from './daemons.ts';
import { linesOf } from './lines.ts';
import { type ProgramResult, runProgram } from './mit-kdc.ts';

type Environment = Readonly<Record<string, string>>;

/** Runs `test/examples/NAME.mjs`, with the library as it is built. */
export function runExample(name: string, args: readonly string[], env: Environment): Promise<ProgramResult> {
  return runProgram(process.execPath, [pathOf(name), ...args], { env, input: '' });
}

export interface ExampleServer {
  readonly port: number;
  stop(): void;
}

/** Starts an example that serves, and whose first line ends with its port. */
export async function startExample(
  name: string,
  args: readonly string[],
  env: Environment,
): Promise<ExampleServer> {
  const child = spawn(process.execPath, [pathOf(name), ...args], { env });
  killAtExit(child);
  const line = await linesOf(child)();
  return { port: Number(/\d+$/.exec(line)?.[0]), stop: () => void child.kill('SIGKILL') };
}

function pathOf(name: string): string {
  return join(import.meta.dirname, '../examples', `${name}.mjs`);
}
