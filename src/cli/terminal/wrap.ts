const HANG = 2;

/** Below this width, wrapping does not make a line easier to read. */
const MIN_COLUMNS = 20;

/**
 * Wraps a line at blanks to the width of a terminal, and indents the lines after the first; a wider word stays whole.
 * Returns the line unchanged if the output is no terminal.
 */
export function wrapLine(line: string, terminal: boolean, columns: number): string {
  if (!terminal || columns < MIN_COLUMNS || line.length <= columns) return line;
  const indent = /^ */.exec(line)![0];
  return fill(line.slice(indent.length), { first: indent, inset: `${indent}${' '.repeat(HANG)}`, columns });
}

/** The width of a tab at the start of a line. */
const TAB = 8;

/**
 * Wraps lines to the width of a terminal, only at blanks, so that names and paths stay in one piece. JSON and text that
 * moves the cursor are not changed.
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

/** The narrowest column of text that is still readable. */
const MIN_ROOM = 24;
/** The indentation of a text that has no room beside its option or command. */
const BELOW = '      ';

/**
 * Wraps a help text at blanks to `columns`. The text beside an option or a command stays in its column if there is
 * room, and otherwise goes below.
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
  /** The start of the first line. */
  readonly first: string;
  /** The start of every other line. */
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
