// What the shell is told that runs keyctl.

/**
 * Ends the shell where its printf is a program: what is secret goes through it, and must not be an argument of one.
 * That nobody listens any more must not end it: there may be something to do at the end.
 */
export const PREAMBLE = `trap '' PIPE
[ "$(command -v printf)" = printf ] || { echo "no shell: The shell has no printf of its own" >&2; exit 1; }
`;

/** Has the shell run keyctl when it ends, in the place of what it was told so before. */
export function lastLine(words: readonly string[]): string {
  return `trap ${quote(`${command(words)} >/dev/null 2>&1`)} EXIT\n`;
}

/** Runs keyctl, and says after what it has said `mark` and the exit status, on a line of their own. */
export function commandLine(words: readonly string[], input: Uint8Array | undefined, mark: string): string {
  const run = command(words);
  const line = input === undefined ? `${run} </dev/null` : `printf '${octal(input)}' | ${run}`;
  return `${line} 2>&1; printf '\\n${mark} %d\\n' $?\n`;
}

function command(words: readonly string[]): string {
  return ['keyctl', ...words.map(quote)].join(' ');
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function octal(bytes: Uint8Array): string {
  let text = '';
  for (const octet of bytes) text += `\\${octet.toString(8).padStart(3, '0')}`;
  return text;
}
