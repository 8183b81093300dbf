import { spawn } from 'node:child_process';
import { killAtExit, untilListening } from './daemons.ts';
import { findProgram } from './peers.ts';

interface ServiceDaemonOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Where it listens once it is ready. */
  readonly port: number;
  readonly host?: string;
  /** What ends it quickly; SIGTERM if not given. */
  readonly signal?: NodeJS.Signals;
}

/** A service in the foreground. */
interface ServiceDaemon {
  /** All that it has said on its outputs. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a service; resolves once it listens, and throws with what it said where it ends before. */
export async function startServiceDaemon(
  name: string,
  args: readonly string[],
  { env, port, host = '127.0.0.1', signal = 'SIGTERM' }: ServiceDaemonOptions,
): Promise<ServiceDaemon> {
  const daemon = spawn(findProgram(name)!, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  killAtExit(daemon);
  let said = '';
  for (const output of [daemon.stdout, daemon.stderr]) {
    output.setEncoding('utf8').on('data', text => {
      said += text;
    });
  }
  const ended = new Promise<void>(resolve => daemon.once('exit', () => resolve()));
  async function stop(): Promise<void> {
    daemon.kill(signal);
    const overdue = setTimeout(() => daemon.kill('SIGKILL'), 10_000);
    if (daemon.exitCode === null && daemon.signalCode === null) await ended;
    clearTimeout(overdue);
  }
  await untilListening(daemon, [{ port, host }], () => said);
  return { log: () => said, stop };
}
