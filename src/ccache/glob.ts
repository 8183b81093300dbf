/**
 * Whether a text fits a pattern with shell wildcards, all of it: `*` for anything, slashes included, `?` for one
 * character, `[a-z]` and `[!a-z]` for one of a set, a backslash before what is meant as it is.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const [first = '', ...others] = segmentsOf(pattern);
  const last = others.pop();
  // What a star leaves to the next segment is settled at its first place: trying the others takes exponential time.
  const middle = others.map((segment, index) => `(?=(.*?${segment}))(?:\\${index + 1})`).join('');
  const regex = new RegExp(`^${first}${middle}${last === undefined ? '' : `.*${last}`}$`, 'su');
  return text => regex.test(text);
}

/** A set in brackets, something quoted, a run of stars, or any other character. */
const PIECE = /\[([!^]?)(\]?[^\]]*)\]|\\(.?)|\*+|./gsu;

/** The expressions for what is between the stars, each of which fits texts of one length alone. */
function segmentsOf(pattern: string): readonly string[] {
  const segments = [''];
  for (const [piece, not, set, quoted] of pattern.matchAll(PIECE)) {
    if (piece.startsWith('*')) segments.push('');
    else segments.push(segments.pop()! + translate(piece, { not: not !== '', set, quoted }));
  }
  return segments;
}

interface Piece {
  readonly not: boolean;
  readonly set: string | undefined;
  readonly quoted: string | undefined;
}

function translate(piece: string, { not, set, quoted }: Piece): string {
  if (set !== undefined && set !== '') return oneOf(not, set);
  if (quoted !== undefined) return literal(quoted || '\\');
  return piece === '?' ? '.' : literal(piece);
}

/** Ranges whose ends are the wrong way round match nothing, as in a shell. */
function oneOf(not: boolean, set: string): string {
  const members = set.replace(/(.)-(.)|(.)/gsu, (_, from?: string, to?: string, single?: string) => {
    if (single !== undefined) return literal(single);
    return from! <= to! ? `${literal(from!)}-${literal(to!)}` : '';
  });
  return `[${not ? '^' : ''}${members}]`;
}

/** An escape that holds in brackets and outside alike. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, char => `\\x${char.charCodeAt(0).toString(16)}`);
}
