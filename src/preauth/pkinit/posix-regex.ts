/** The characters with a meaning in a RegExp outside brackets. */
const SYNTAX = /[\\^$.*+?()[\]{}|/]/;
/** The meaning of [:name:] within brackets. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['alpha', '\\p{L}'],
  ['digit', '0-9'],
  ['alnum', '\\p{L}0-9'],
  ['upper', '\\p{Lu}'],
  ['lower', '\\p{Ll}'],
  ['space', '\\s'],
  ['blank', ' \\t'],
  ['punct', '!-\\/:-@\\[-`\\{-~'],
  ['cntrl', '\\0-\\x1f\\x7f'],
  ['xdigit', '0-9A-Fa-f'],
  ['print', '\\x20-\\x7e\\u{a0}-\\u{10ffff}'],
  ['graph', '\\x21-\\x7e\\u{a1}-\\u{10ffff}'],
]);
const WORD = '[\\p{L}\\p{N}_]';
/** GNU's escapes after a backslash: word characters, word boundaries, and the beginning and end of the text. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['w', WORD],
  ['W', `[^${WORD.slice(1)}`],
  ['s', '\\s'],
  ['S', '\\S'],
  ['<', `(?<!${WORD})(?=${WORD})`],
  ['>', `(?<=${WORD})(?!${WORD})`],
  ['b', `(?:(?<!${WORD})(?=${WORD})|(?<=${WORD})(?!${WORD}))`],
  ['B', `(?:(?<!${WORD})(?!${WORD})|(?<=${WORD})(?=${WORD}))`],
  ['`', '^'],
  ["'", '$'],
]);

/** What must not be followed by a repetition in the C library. */
const UNREPEATABLE = ['', '|', '^', ESCAPES.get('b')!, ESCAPES.get('B')!];

/**
 * The RegExp for a POSIX extended regular expression with GNU's extensions, as the C library reads it for MIT's kinit.
 * Throws SyntaxError.
 */
export function posixRegex(source: string): RegExp {
  return new RegExp(new Translation(source).run(), 'su');
}

class Translation {
  private readonly source: string;
  private at = 0;
  private output = '';
  /** Where the atom that a following `*` repeats begins in the output. */
  private atom = 0;
  private readonly open: { readonly from: number; readonly group: number }[] = [];
  private readonly closed = new Set<number>();

  constructor(source: string) {
    this.source = source;
  }

  run(): string {
    while (this.at < this.source.length) this.step();
    return this.output;
  }

  private step(): void {
    const quantifier = /[*+?]|\{(?:\d+(?:,\d*)?|,\d+)\}/y;
    quantifier.lastIndex = this.at;
    const [found] = quantifier.exec(this.source) ?? [];
    if (found === undefined) this.one();
    else this.repeat(found);
  }

  private one(): void {
    const char = String.fromCodePoint(this.source.codePointAt(this.at)!);
    this.at += char.length;
    if (char === '(') this.begin();
    else if (char === ')' && this.open.length > 0) this.end();
    else if (char === '[') this.add(this.brackets());
    else if (char === '\\') this.add(this.escaped());
    else if (char === '{') throw new SyntaxError('Invalid preceding regular expression');
    else this.add('^$.|'.includes(char) ? char : literal(char));
  }

  private add(text: string): void {
    this.atom = this.output.length;
    this.output += text;
  }

  private begin(): void {
    this.open.push({ from: this.output.length, group: this.open.length + this.closed.size + 1 });
    this.output += '(';
    this.atom = this.output.length;
  }

  private end(): void {
    this.output += ')';
    const { from, group } = this.open.pop()!;
    this.closed.add(group);
    this.atom = from;
  }

  /**
   * Wraps what is repeated in a group: it may be repeated again, and two quantifiers in a row mean something else in a
   * RegExp.
   */
  private repeat(quantifier: string): void {
    this.at += quantifier.length;
    const repeated = this.output.slice(this.atom);
    if (UNREPEATABLE.includes(repeated)) throw new SyntaxError('Invalid preceding regular expression');
    const count = quantifier.startsWith('{,') ? `{0${quantifier.slice(1)}` : quantifier;
    this.output = `${this.output.slice(0, this.atom)}(?:${repeated}${count})`;
  }

  private escaped(): string {
    const char = this.source[this.at++];
    if (char === undefined) throw new SyntaxError('Trailing backslash');
    if (/[1-9]/.test(char)) {
      if (!this.closed.has(Number(char))) throw new SyntaxError('Invalid back reference');
      return `(?:\\${char})`;
    }
    return ESCAPES.get(char) ?? literal(char);
  }

  private brackets(): string {
    const negated = this.take('^');
    let items = '';
    do {
      items += this.item();
    } while (!this.take(']'));
    return `[${negated ? '^' : ''}${items}]`;
  }

  /** A character, a range or a class. */
  private item(): string {
    const named = this.named();
    if (named?.kind === ':') {
      const chars = CLASSES.get(named.name);
      if (chars === undefined) throw new SyntaxError('Invalid character class name');
      return chars;
    }
    const from = named?.name ?? this.character();
    if (this.source[this.at] !== '-' || this.source[this.at + 1] === ']') return inBrackets(from);
    this.at++;
    return `${inBrackets(from)}-${inBrackets(this.named()?.name ?? this.character())}`;
  }

  private named(): { readonly kind: string; readonly name: string } | undefined {
    const pattern = /\[([:=.])(.*?)\1\]/sy;
    pattern.lastIndex = this.at;
    const [whole, kind, name] = pattern.exec(this.source) ?? [];
    if (whole === undefined) return undefined;
    this.at += whole.length;
    return { kind: kind!, name: name! };
  }

  private character(): string {
    const code = this.source.codePointAt(this.at);
    if (code === undefined) throw new SyntaxError('Unmatched [');
    const char = String.fromCodePoint(code);
    this.at += char.length;
    return char;
  }

  private take(char: string): boolean {
    if (this.source[this.at] !== char) return false;
    this.at++;
    return true;
  }
}

function literal(char: string): string {
  return SYNTAX.test(char) ? `\\${char}` : char;
}

function inBrackets(char: string): string {
  return /[\\\]^[-]/.test(char) ? `\\${char}` : char;
}
