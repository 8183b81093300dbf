import type { Command } from './command.ts';
import { forgoWorkers } from './lone-client.ts';
import { runCommand } from './run-command.ts';
import { processIo } from './terminal.ts';

/** Runs a command on the real terminal. The one place that sets the exit status. */
export async function main(command: Command, argv: readonly string[]): Promise<void> {
  const io = processIo(process);
  if (command.neverListens) io.beforeAsking = () => forgoWorkers(process);
  const status = await runCommand(command, argv, io);
  // A keychain call that hangs would keep the process alive for ever; all output has been written by now.
  process.exit(status);
}
