import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findProgram } from './peers.ts';

/** A program's exit status, and both its outputs together. */
export interface Said {
  readonly status: number | null;
  readonly output: string;
}

interface PeerOptions {
  readonly input?: string;
  /** Variables besides those of every client. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program of the system, or one given by a path, with the files `krb5.conf`, `cache` and `trace` of `dir`. The
 * KDC is in this process, so that nothing here may block.
 */
export function runPeer(
  dir: string,
  [name = '', ...args]: readonly string[],
  { input = '', env = {} }: PeerOptions = {},
): Promise<Said> {
  const child = spawn(findProgram(name)!, args, {
    cwd: dir,
    env: {
      LC_ALL: 'C',
      TZ: 'UTC',
      KRB5_CONFIG: join(dir, 'krb5.conf'),
      KRB5CCNAME: `FILE:${join(dir, 'cache')}`,
      KRB5_TRACE: join(dir, 'trace'),
      ...env,
    },
    // Without a terminal, passwords are read from the input.
    detached: true,
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data));
    child.on('error', reject);
    child.on('close', status => resolve({ status, output }));
  });
}
