import type { ChildProcess } from 'node:child_process';

/** An aborted run leaves no daemon behind. */
export function killAtExit(child: ChildProcess): void {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
}
