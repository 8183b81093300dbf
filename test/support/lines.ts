import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** Returns one line of a program's output after the other; rejects with its standard error when there are no more. */
export function linesOf(child: ChildProcessWithoutNullStreams): () => Promise<string> {
  const lines: string[] = [];
  /** The beginning of an incomplete line: lines may be long, and each part is searched only once. */
  const begun: string[] = [];
  let errors = '';
  let closed = false;
  let wake = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const [first = '', ...rest] = text.split('\n');
    begun.push(first);
    for (const next of rest) {
      lines.push(begun.splice(0).join(''));
      begun.push(next);
    }
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text;
  });
  // A program that has ended is reported below.
  child.stdin.on('error', () => undefined);
  child.once('close', () => {
    closed = true;
    wake();
  });
  return async () => {
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) return line;
      if (closed) throw new Error(`the program ended: ${errors}`);
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
}
