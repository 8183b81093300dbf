import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAtExit, untilListening } from './daemons.ts';
import { findProgram } from './peers.ts';

/** Heimdal's daemon for caches, in a mount namespace of its own: it listens at one place only, below /run. */
export interface HeimdalKcm {
  readonly socket: string;
  /** The processor time it has used so far, in seconds. */
  cpuSeconds(): number;
  /** Its resident memory in bytes. */
  memory(): number;
  stop(): Promise<void>;
}

export async function startHeimdalKcm(): Promise<HeimdalKcm> {
  const directory = mkdtempSync(join(tmpdir(), 'heimdal-kcm-'));
  const config = join(directory, 'krb5.conf');
  writeFileSync(config, '[libdefaults]\n  default_realm = A.TEST\n');
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const script = 'mount --bind "$0" /run && exec "$@"';
  const kcm = ['/opt/heimdal/usr/sbin/kcm', '-c', config];
  const inside = ['/bin/sh', '-c', script, directory, ...kcm];
  const daemon = spawn(findProgram('unshare')!, [...user, '--mount', '--propagation', 'private', ...inside], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  killAtExit(daemon);
  const socket = join(directory, '.heim_org.h5l.kcm-socket');
  await untilListening(daemon, [{ path: socket }]);
  return {
    socket,
    cpuSeconds: () => cpuSecondsOf(daemon.pid!),
    memory: () => memoryOf(daemon.pid!),
    async stop() {
      const ended = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The processor time of all threads of a process, in seconds. */
export function cpuSecondsOf(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map(task =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, time) => sum + time, 0) / 1e9;
}

export function memoryOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}
