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
  return fill(line.slice(indent.length), { first: indent, inset: `${indent}${' '.repeat(HANG)}`, columns });
}

/** What a tab comes to at the start of a line. */
const TAB = 8;

/**
 * Whole lines as lines no wider than a terminal, broken at blanks alone, so that a name or a path stays in one piece.
 * Text that moves the cursor and JSON are left as they are.
 */
export function fitLines(text: string, columns: number): string {
  if (columns < MIN_COLUMNS || text.length <= columns || !isOfLines(text)) return text;
  return text
    .split('\n')
    .map(line => {
      const indent = /^[ \t]*/.exec(line)![0];
      const room = columns - (TAB - 1) * indent.replaceAll(' ', '').length;
      if (line.length <= room) return line;
      const inset = `${indent}${' '.repeat(HANG)}`;
      return fill(line.slice(indent.length), { first: indent, inset, columns: room });
    })
    .join('\n');
}

function isOfLines(text: string): boolean {
  return text.endsWith('\n') && !text.startsWith('{') && !text.includes('\r') && !text.includes('\x1b');
}

/** The narrowest column of text that can be read. */
const MIN_ROOM = 24;
/** Where text goes on that has no room beside what it is about. */
const BELOW = '      ';

/**
 * The lines of a help as lines no wider than `columns`, broken at blanks. A text beside an option or a command stays in
 * its column, where that leaves room for it, and else goes below.
 */
export function wrapHelp(help: string, columns: number): string {
  return help
    .split('\n')
    .map(line => wrapRow(line, columns))
    .join('\n');
}

function wrapRow(line: string, columns: number): string {
  const head = /^ +\S.*? {2,}(?=\S)/.exec(line)?.[0] ?? '';
  const text = line.slice(head.length);
  if (head === '' || columns - head.length >= MIN_ROOM) {
    return line.length <= columns
      ? line
      : fill(text, { first: head, inset: ' '.repeat(head.length), columns });
  }
  return `${head.trimEnd()}\n${fill(text, { first: BELOW, inset: BELOW, columns })}`;
}

interface Frame {
  /** What the first line begins with. */
  readonly first: string;
  /** What each other line begins with. */
  readonly inset: string;
  readonly columns: number;
}

function fill(text: string, { first, inset, columns }: Frame): string {
  const lines: string[] = [];
  let current: string | undefined;
  for (const word of text.split(' ')) {
    if (current === undefined) current = `${first}${word}`;
    else if (current.length + 1 + word.length <= columns) current += ` ${word}`;
    else {
      lines.push(current);
      current = `${inset}${word}`;
    }
  }
  return [...lines, current].join('\n');
}
