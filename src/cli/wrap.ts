const HANG = 2;

/** Too narrow to read, so nothing is gained by wrapping. */
const MIN_COLUMNS = 20;

/**
 * A line as lines no wider than a terminal, broken at blanks, each after the first one a little further in; a word that
 * is wider stays whole. The same line where what it goes to is no terminal.
 */
export function wrapLine(line: string, terminal: boolean, columns: number): string {
  if (!terminal || columns < MIN_COLUMNS || line.length <= columns) return line;
  const indent = /^ */.exec(line)![0];
  const inset = `${indent}${' '.repeat(HANG)}`;
  const lines: string[] = [];
  let current = '';
  for (const word of line.slice(indent.length).split(' ')) {
    if (current === '') current = `${indent}${word}`;
    else if (current.length + 1 + word.length <= columns) current += ` ${word}`;
    else {
      lines.push(current);
      current = `${inset}${word}`;
    }
  }
  return [...lines, current].join('\n');
}
