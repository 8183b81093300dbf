import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { printable, textToBytes } from '../../codec/text.ts';
import { homeDirectory } from '../../local/directories.ts';
import type { Io } from '../terminal.ts';
import { writeUserFile } from './file.ts';

/** A program and its arguments. */
export type CommandLine = readonly string[];

/** The directory of the user's own configuration. */
export function configDirectory(io: Io): string {
  const configured = io.env.XDG_CONFIG_HOME;
  return configured?.startsWith('/') ? configured : join(homeDirectory(io), '.config');
}

/** Where systemd looks for a unit of the user. */
export function unitPath(name: string, io: Io): string {
  return join(configDirectory(io), 'systemd', 'user', name);
}

/** Where launchd looks for a job of the user. */
export function launchAgentPath(label: string, io: Io): string {
  return join(homeDirectory(io), 'Library', 'LaunchAgents', `${label}.plist`);
}

/** Writes a file that only the user can read, and reports it. */
export function writeOwnFile(path: string, text: string, io: Io): void {
  writeUserFile(path, textToBytes(text), 0o600);
  io.out(`Wrote ${printable(path)}\n`);
}

/** Runs commands of a service manager; one that fails is printed, so that the user can run it elsewhere. */
export function runAll(
  commands: readonly CommandLine[],
  io: Io,
  { name }: { readonly name: string },
): number {
  let status = 0;
  for (const command of commands) {
    const shown = command.join(' ');
    const result = ask(command, io);
    if (result.done) {
      io.out(`${printable(`Ran ${shown}`)}\n`);
      continue;
    }
    status = 1;
    io.err(`${printable(`${name}: to be run in the user's session: ${shown} (${result.reason})`)}\n`);
  }
  return status;
}

/** A program's result. */
export type Answer =
  | { readonly done: true; readonly text: string }
  | { readonly done: false; readonly reason: string };

/** Runs a program in the user's environment and waits for it for at most twenty seconds. */
export function ask([program, ...args]: CommandLine, io: Io): Answer {
  const env = io.env as NodeJS.ProcessEnv;
  const result = spawnSync(program!, args, { env, encoding: 'utf8', timeout: 20_000 });
  if (result.status === 0) return { done: true, text: result.stdout };
  return { done: false, reason: result.error?.message ?? result.stderr.trim().split('\n').at(-1) ?? '' };
}
