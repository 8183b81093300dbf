/**
 * Our lines in one of the user's files, between two marker lines. The text has one character for each byte, so that the
 * user's own lines stay unchanged in any encoding. The first marker says how to have them removed.
 */

type Note = '' | ' (in a file of its own)' | ' (and the line break before)';

const OWN_FILE: Note = ' (in a file of its own)';
const LINE_BREAK: Note = ' (and the line break before)';

const begin = (note: Note): string => `# >>> krb5kit logout${note} >>>\n`;
const END = '# <<< krb5kit logout <<<\n';

/** An editor may have changed the line ends, or removed the last one. */
const blocks =
  /^# >>> krb5kit logout( \((?:in a file of its own|and the line break before)\))? >>>\r?\n((?:(?!# >>> krb5kit logout)[^\n]*\n)*?)# <<< krb5kit logout <<<(?:\r?\n|(?![\s\S]))/gm;
const markers = /^# (?:>>> krb5kit logout.* >>>|<<< krb5kit logout <<<)\r?$/gm;

/** The lines between the markers, or undefined without them; if there are several blocks, the lines of all. */
export function blockIn(text: string): string | undefined {
  const found = [...text.matchAll(blocks)].map(([, , lines]) => lines);
  return found.length === 0 ? undefined : found.join('');
}

/** Whether one of the markers is missing, so that it is unknown which lines are whose. */
export function isDamaged(text: string): boolean {
  return (text.match(markers)?.length ?? 0) !== 2 * (text.match(blocks)?.length ?? 0);
}

/**
 * The text with `lines` in it once: where they were, else at the end. `undefined` means that the file does not exist.
 */
export function withBlock(text: string | undefined, lines: string): string {
  if (text === undefined) return begin(OWN_FILE) + lines + END;
  let seen = false;
  const replaced = text.replace(blocks, (_, note: Note = '') => {
    const whole = seen ? '' : begin(note) + lines + END;
    seen = true;
    return whole;
  });
  if (seen) return replaced;
  return text === '' || text.endsWith('\n')
    ? text + begin('') + lines + END
    : `${text}\n${begin(LINE_BREAK)}${lines}${END}`;
}

/** The text without our lines; undefined if the file contains nothing else. */
export function withoutBlock(text: string): string | undefined {
  let ownFile = false;
  let lineBreak = false;
  const rest = text.replace(blocks, (whole, note: Note = '', _lines, at: number) => {
    ownFile ||= note === OWN_FILE;
    lineBreak = note === LINE_BREAK && at + whole.length === text.length;
    return '';
  });
  if (ownFile && rest === '') return undefined;
  return lineBreak ? rest.replace(/\n$/, '') : rest;
}
