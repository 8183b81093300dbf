// The script of the shell that runs keyctl.

/**
 * Ends the shell if its printf is not a built-in, since secrets are passed to it, and must not be arguments of a
 * process. A closed pipe must not end the shell: there may be a command to run at the end.
 */
export const PREAMBLE = `trap '' PIPE
[ "$(command -v printf)" = printf ] || { echo "no shell: The shell has no printf of its own" >&2; exit 1; }
`;

/** Makes the shell run keyctl when it ends; replaces an earlier such command. */
export function lastLine(words: readonly string[]): string {
  return `trap ${quote(`${command(words)} >/dev/null 2>&1`)} EXIT\n`;
}

/** Runs keyctl; after its output comes a line with `mark` and the exit status. */
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
