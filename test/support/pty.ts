import { spawnSync } from 'node:child_process';

/** Waits until the terminal has shown `expect` after the texts of earlier steps, then types keys or sends a signal. */
export interface PtyStep {
  readonly expect: string;
  readonly send: string | { readonly signal: NodeJS.Signals };
}

interface PtyResult {
  /** Everything that the terminal has shown; line ends are CR LF. */
  readonly shown: string;
  /** The exit status, the negative number of the signal that ended the program, or null if it hung. */
  readonly status: number | null;
  /** Whether the terminal echoes and edits lines after the program ended. */
  readonly sane: boolean;
}

const DRIVER = `
import fcntl, json, os, pty, select, signal, sys, termios, time
job = json.load(sys.stdin)
parent, child = pty.openpty()
pid = os.fork()
if pid == 0:
    os.close(parent)
    os.setsid()
    fcntl.ioctl(child, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2): os.dup2(child, fd)
    os.execvp(job['command'][0], job['command'])
shown, seen, steps, status, deadline = b'', 0, job['steps'], None, time.time() + 30
while status is None and time.time() < deadline:
    if select.select([parent], [], [], 0.02)[0]:
        shown += os.read(parent, 65536)
    else:
        ended, code = os.waitpid(pid, os.WNOHANG)
        if ended: status = os.waitstatus_to_exitcode(code)
    if steps and shown.find(steps[0]['expect'].encode(), seen) >= 0:
        step = steps.pop(0)
        seen = shown.find(step['expect'].encode(), seen) + len(step['expect'].encode())
        if isinstance(step['send'], str): os.write(parent, step['send'].encode())
        else: os.kill(pid, getattr(signal, step['send']['signal']))
if status is None: os.kill(pid, signal.SIGKILL)
# What was shown after the last look and before the end.
while select.select([parent], [], [], 0)[0]: shown += os.read(parent, 65536)
flags = termios.tcgetattr(child)[3]
sane = bool(flags & termios.ECHO and flags & termios.ICANON and flags & termios.ISIG)
json.dump({'shown': shown.decode('utf-8', 'replace'), 'status': status, 'sane': sane}, sys.stdout)
`;

/** Whether `runInPty` works on this machine. */
export function hasPty(): boolean {
  return spawnSync('python3', ['-c', 'import pty, termios']).status === 0;
}

/** Runs a program on a terminal of its own, for at most half a minute: more than it takes on a busy machine. */
export function runInPty(command: readonly string[], steps: readonly PtyStep[]): PtyResult {
  const { stdout, stderr } = spawnSync('python3', ['-c', DRIVER], {
    input: JSON.stringify({ command, steps }),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as PtyResult;
}

/** What remains of what was shown: where a KDC is slow, our commands say that they wait, and erase it again. */
export function remaining(shown: string): string {
  const lines = shown.split('\n').map(line => line.split('\r\x1b[K').at(-1));
  return lines.join('\n');
}
