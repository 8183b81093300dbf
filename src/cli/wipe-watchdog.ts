import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/** A process that removes paths when we end, unless it was dismissed before. */
export interface WipeWatchdog {
  /** Names a process that depends on these paths, which then gets a SIGHUP, on systems that have signals. */
  hangUpOn(pid: number): void;
  /** Names a process that then gets a SIGHUP, and is killed if it ignores that. */
  end(pid: number): void;
  /** Stops the watchdog; the caller removes the paths itself. */
  dismiss(): void;
}

/**
 * Its input ends when we end, however that happens. A line of input names a process to send a SIGHUP and, with a second
 * word, to kill after some seconds; then the paths are removed again, as that process may have written there meanwhile.
 */
const SHELL =
  'trap "" INT TERM HUP QUIT; pid=; end=; while read -r p e; do pid=$p end=$e; done; rm -rf -- "$@"; ' +
  '[ -n "$pid" ] || exit; kill -HUP "$pid"; [ -n "$end" ] || exit; n=0; while kill -0 "$pid"; do ' +
  '[ $n -lt 3 ] || { kill -KILL "$pid"; sleep 1; break; }; sleep 1; n=$((n + 1)); done; rm -rf -- "$@"';
const SCRIPT =
  'process.stdin.resume().on("end", () => { for (const path of process.argv.slice(1)) ' +
  'require("node:fs").rmSync(path, { recursive: true, force: true, maxRetries: 5 }); })';

/** Finds the script's programs whatever our own PATH is; other parts of our environment may be secret. */
function searchPath(): string {
  return [process.env.PATH, '/usr/bin', '/bin'].filter(Boolean).join(':');
}

/** Starts a process in a session of its own, which removes `paths` when its pipe from us breaks, even by `kill -9`. */
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
  // Without it, everything is still removed unless we are killed.
  child.on('error', () => {});
  // Undefined if no file descriptor was left for it.
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
