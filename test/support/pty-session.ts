import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program on a terminal of its own, with which a test can interact at any length. */
export interface PtySession {
  readonly pid: number;
  /** Everything that the terminal has shown; line ends are CR LF. */
  readonly shown: string;
  /** Waits until the terminal shows a text after those of earlier calls. Throws once the program has ended. */
  shows(text: string): Promise<void>;
  type(text: string): void;
  kill(signal: NodeJS.Signals): void;
  /** Sends a signal until the program has ended: a shell may miss one that arrives just before it waits for a key. */
  endBy(signal: NodeJS.Signals): Promise<void>;
  /** Closes the terminal, unless the program has ended. */
  close(): void;
  /** Resolves when the program has ended, to the exit status or the negative number of a signal. */
  readonly ended: Promise<number>;
}

// The first line says which process it is, the last one how it ended.
const DRIVER = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
os.write(1, b'%d\\n' % pid)
inputs = [0, terminal]
while True:
    ready = select.select(inputs, [], [])[0]
    if 0 in ready:
        typed = os.read(0, 65536)
        if typed: os.write(terminal, typed)
        else: inputs.remove(0)
    if terminal in ready:
        try: shown = os.read(terminal, 65536)
        except OSError: break
        if not shown: break
        os.write(1, shown)
os.write(1, b'\\n%d' % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** Starts a program with that environment and no other. */
export async function startInPty(command: readonly string[], env: NodeJS.ProcessEnv): Promise<PtySession> {
  const driver = spawn('python3', ['-c', DRIVER, ...command], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  let seen = 0;
  let over = false;
  driver.stdout.setEncoding('utf8').on('data', text => {
    output += text;
  });
  driver.stdin.on('error', () => undefined);
  const ended = once(driver, 'close').then(() => {
    over = true;
    return Number(output.slice(output.lastIndexOf('\n') + 1));
  });
  while (!output.includes('\n')) {
    if (over) throw new Error('python3 does not start a terminal');
    await sleep(5);
  }
  const pid = Number(output.slice(0, output.indexOf('\n')));
  output = output.slice(output.indexOf('\n') + 1);
  return {
    pid,
    ended,
    get shown() {
      return output;
    },
    async shows(text) {
      for (; !output.includes(text, seen); await sleep(10)) {
        if (over) throw new Error(`${text} is not in: ${output}`);
      }
      seen = output.indexOf(text, seen) + text.length;
    },
    type: text => void driver.stdin.write(text),
    kill: signal => void process.kill(pid, signal),
    async endBy(signal) {
      for (let isOver = false; !isOver; ) {
        if (isAlive(pid)) process.kill(pid, signal);
        isOver = await Promise.race([ended.then(() => true), sleep(5000, false)]);
      }
    },
    close: () => void driver.kill('SIGKILL'),
  };
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
