/**
 * Whether a whole text matches a pattern with shell wildcards: `*` for anything, including slashes, `?` for one
 * character, `[a-z]` and `[!a-z]` for one of a set, and a backslash before a literal character.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const [first = '', ...others] = segmentsOf(pattern);
  const last = others.pop();
  // Each segment after a star is matched at its first occurrence: trying later ones would take exponential time.
  const middle = others.map((segment, index) => `(?=(.*?${segment}))(?:\\${index + 1})`).join('');
  const regex = new RegExp(`^${first}${middle}${last === undefined ? '' : `.*${last}`}$`, 'su');
  return text => regex.test(text);
}

/** A set in brackets, something quoted, a run of stars, or any other character. */
const PIECE = /\[([!^]?)(\]?[^\]]*)\]|\\(.?)|\*+|./gsu;

/** The expressions between the stars, each of which matches texts of a single length. */
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

/** Reversed ranges match nothing, as in a shell. */
function oneOf(not: boolean, set: string): string {
  const members = set.replace(/(.)-(.)|(.)/gsu, (_, from?: string, to?: string, single?: string) => {
    if (single !== undefined) return literal(single);
    return from! <= to! ? `${literal(from!)}-${literal(to!)}` : '';
  });
  return `[${not ? '^' : ''}${members}]`;
}

/** An escape that is valid both inside and outside brackets. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, char => `\\x${char.charCodeAt(0).toString(16)}`);
}
