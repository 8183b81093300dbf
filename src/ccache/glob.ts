/**
 * Whether a text fits a pattern with shell wildcards, all of it: `*` for anything, slashes included, `?` for one
 * character, `[a-z]` and `[!a-z]` for one of a set, a backslash before what is meant as it is.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const regex = new RegExp(`^${translate(pattern)}$`, 'su');
  return text => regex.test(text);
}

/** A set in brackets, something quoted, a run of stars, or any other character. */
const PIECE = /\[([!^]?)(\]?[^\]]*)\]|\\(.?)|\*+|./gsu;

function translate(pattern: string): string {
  return pattern.replace(PIECE, (piece: string, not?: string, set?: string, quoted?: string) => {
    if (set !== undefined && set !== '') return oneOf(not !== '', set);
    if (quoted !== undefined) return literal(quoted || '\\');
    if (piece.startsWith('*')) return '.*';
    return piece === '?' ? '.' : literal(piece);
  });
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
