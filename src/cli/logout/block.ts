/**
 * Lines of ours in a file of the user's, between two marker lines. A file's text has one character for each byte, so
 * that the user's own lines stay as they are in any encoding. The first marker says what is to be undone with them.
 */

type Note = '' | ' (in a file of its own)' | ' (and the line break before)';

const OWN_FILE: Note = ' (in a file of its own)';
const LINE_BREAK: Note = ' (and the line break before)';

const begin = (note: Note): string => `# >>> krb5kit logout${note} >>>\n`;
const END = '# <<< krb5kit logout <<<\n';

/** An editor may have changed the line ends, or have dropped the last one. */
const blocks =
  /^# >>> krb5kit logout( \((?:in a file of its own|and the line break before)\))? >>>\r?\n((?:(?!# >>> krb5kit logout)[^\n]*\n)*?)# <<< krb5kit logout <<<(?:\r?\n|(?![\s\S]))/gm;
const markers = /^# (?:>>> krb5kit logout.* >>>|<<< krb5kit logout <<<)\r?$/gm;

/** The lines between the markers, or undefined without them; where they are there twice, all of them. */
export function blockIn(text: string): string | undefined {
  const found = [...text.matchAll(blocks)].map(([, , lines]) => lines);
  return found.length === 0 ? undefined : found.join('');
}

/** Whether a marker has lost the other one, so that nobody can say which lines are whose. */
export function isDamaged(text: string): boolean {
  return (text.match(markers)?.length ?? 0) !== 2 * (text.match(blocks)?.length ?? 0);
}

/** The text with `lines` in it once: where they were, else at the end. `undefined` is a file that is not there. */
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

/** The text as it is without us; undefined where the file was made for our lines and holds nothing else. */
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
