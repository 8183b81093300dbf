import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/** Removes paths when we are gone, unless told otherwise before. */
export interface WipeWatchdog {
  /** Has it hang up on a process then, which depends on what is removed; where there are signals. */
  hangUpOn(pid: number): void;
  /** Has it hang up on a process then, and kill it where it takes no notice. */
  end(pid: number): void;
  /** Whoever removes them here has no need of it any more. */
  dismiss(): void;
}

/**
 * Ends when its input does, which is when we end, however we do. A line of it is a process to hang up on and, if that is
 * to end within seconds, one word more; what such a process has put there meanwhile goes, too.
 */
const SHELL =
  'trap "" INT TERM HUP QUIT; pid=; end=; while read -r p e; do pid=$p end=$e; done; rm -rf -- "$@"; ' +
  '[ -n "$pid" ] || exit; kill -HUP "$pid"; [ -n "$end" ] || exit; n=0; while kill -0 "$pid"; do ' +
  '[ $n -lt 3 ] || { kill -KILL "$pid"; sleep 1; break; }; sleep 1; n=$((n + 1)); done; rm -rf -- "$@"';
const SCRIPT =
  'process.stdin.resume().on("end", () => { for (const path of process.argv.slice(1)) ' +
  'require("node:fs").rmSync(path, { recursive: true, force: true, maxRetries: 5 }); })';

/** The programs of the script are found whatever our own path is; what else is in our environment may be secret. */
function searchPath(): string {
  return [process.env.PATH, '/usr/bin', '/bin'].filter(Boolean).join(':');
}

/** Has a process of its own session hold a pipe from us and remove `paths` when it breaks, as by `kill -9`. */
export function startWipeWatchdog(paths: readonly string[], platform: NodeJS.Platform): WipeWatchdog {
  const [program, args] =
    platform === 'win32'
      ? [process.execPath, ['-e', SCRIPT, ...paths]]
      : ['/bin/sh', ['-c', SHELL, 'sh', ...paths]];
  const child = spawn(program, args, {
    cwd: platform === 'win32' ? undefined : '/',
    env: platform === 'win32' ? process.env : { PATH: searchPath() },
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without it all is removed as ever, unless we are killed.
  child.on('error', () => {});
  // Node has none for it where no descriptor is left.
  const input: Writable | undefined = child.stdin;
  input?.on('error', () => {});
  child.unref();
  return {
    hangUpOn(pid) {
      input?.write(`${pid}\n`);
    },
    end(pid) {
      input?.write(`${pid} end\n`);
    },
    dismiss() {
      child.kill('SIGKILL');
      input?.destroy();
    },
  };
}
