import { spawn } from 'node:child_process';

/** Removes paths when we are gone, unless told otherwise before. */
export interface WipeWatchdog {
  /** Whoever removes them here has no need of it any more. */
  dismiss(): void;
}

/** Ends when its input does, which is when we end, however we do. */
const SHELL = 'trap "" INT TERM HUP QUIT; cat >/dev/null; rm -rf -- "$@"';
const SCRIPT =
  'process.stdin.resume().on("end", () => { for (const path of process.argv.slice(1)) ' +
  'require("node:fs").rmSync(path, { recursive: true, force: true, maxRetries: 5 }); })';

/** Has a process of its own session hold a pipe from us and remove `paths` when it breaks, as by `kill -9`. */
export function startWipeWatchdog(paths: readonly string[], platform: NodeJS.Platform): WipeWatchdog {
  const [program, args] =
    platform === 'win32'
      ? [process.execPath, ['-e', SCRIPT, ...paths]]
      : ['/bin/sh', ['-c', SHELL, 'sh', ...paths]];
  const child = spawn(program, args, {
    cwd: platform === 'win32' ? undefined : '/',
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without it all is removed as ever, unless we are killed.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  return {
    dismiss() {
      child.kill('SIGKILL');
      child.stdin.destroy();
    },
  };
}
