import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** One line of a program's output after the other; rejects with what was said on standard error once there are no more. */
export function linesOf(child: ChildProcessWithoutNullStreams): () => Promise<string> {
  let output = '';
  let errors = '';
  let closed = false;
  let wake = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text;
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text;
  });
  // A program that has ended says so below.
  child.stdin.on('error', () => undefined);
  child.once('close', () => {
    closed = true;
    wake();
  });
  return async () => {
    for (;;) {
      const end = output.indexOf('\n');
      if (end >= 0) {
        const line = output.slice(0, end);
        output = output.slice(end + 1);
        return line;
      }
      if (closed) throw new Error(`the program ended: ${errors}`);
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
}
