import { ConfigError } from '../errors.ts';
import { createSection, type Place, type Relation, type Section } from './profile.ts';

/** What a parser reports to its caller. */
interface ParseEvents {
  /** An `include` or `includedir` line; the file or directory that it names is to be parsed into the same root. */
  include(directive: 'include' | 'includedir', path: string, at: Place): void;
  /** Something that MIT's parser accepts, but that is probably a mistake. */
  warn(text: string, at: Place): void;
}

interface Parser {
  readonly file: string;
  readonly root: Section;
  readonly events: ParseEvents;
  line: number;
  /** Lines before the first `[section]` are ignored; after `name =` a line with `{` must follow. */
  state: 'preamble' | 'lines' | 'brace';
  section: Section;
  /** The sections around `section`, outermost first; the number of braces open. */
  readonly outer: Section[];
}

/** Parses krb5.conf syntax into `root`; throws `ConfigError` CONFIG_SYNTAX with file and line. */
export function parseProfile(text: string, file: string, root: Section, events: ParseEvents): void {
  const parser: Parser = { file, root, events, line: 0, state: 'preamble', section: root, outer: [] };
  // MIT does not know the byte order mark and so loses the first section; nobody who saves as "UTF-8" wants that.
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  const lines = body.split('\n');
  // What follows the last line end is not a line, and a missing value there is ignored.
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    parser.line++;
    parseLine(parser, line);
  }
  if (parser.outer.length > 0) events.warn('a brace is still open at the end of the file', here(parser));
}

function parseLine(parser: Parser, line: string): void {
  if (line.includes('\0')) throw syntaxError(parser, 'a NUL character');
  if (line.startsWith('include') && parseInclude(parser, line)) return;
  if (parser.state === 'preamble' && !line.startsWith('[')) {
    parsePreamble(parser, line);
  } else if (parser.state === 'brace') {
    if (!trimStart(line).startsWith('{')) throw syntaxError(parser, 'an opening brace is missing');
    parser.state = 'lines';
  } else {
    parser.state = 'lines';
    parseStatement(parser, trim(line));
  }
}

/** False if the word only begins like a directive. */
function parseInclude(parser: Parser, line: string): boolean {
  const directive = line.startsWith('includedir') ? 'includedir' : 'include';
  const rest = line.slice(directive.length);
  if (rest !== '' && !isBlank(rest, 0)) return false;
  parser.events.include(directive, trim(rest), here(parser));
  return true;
}

function parsePreamble(parser: Parser, line: string): void {
  if (/^module(?:[ \t\v\f\r]|$)/.test(line)) {
    // To ignore this line would mean to run without any of the configuration that it stands for.
    throw syntaxError(parser, 'configuration modules are not supported');
  }
  if (!isIgnorable(trimStart(line))) {
    parser.events.warn('ignored: it stands before the first [section] at the start of a line', here(parser));
  }
}

function parseStatement(parser: Parser, line: string): void {
  if (isIgnorable(line)) return;
  if (line.startsWith('[')) parseHead(parser, line);
  else if (line.startsWith('}')) parseClose(parser, line);
  else parseRelation(parser, line);
}

function parseHead(parser: Parser, line: string): void {
  if (parser.outer.length > 0) throw syntaxError(parser, 'a section begins inside a brace');
  const end = line.indexOf(']');
  const rest = line.slice(end + 1);
  if (end < 0 || (rest !== '' && rest !== '*')) throw syntaxError(parser, 'not a section header');
  parser.section = enterSection(parser.root, line.slice(1, end));
  if (rest === '*') parser.section.final = true;
}

function parseClose(parser: Parser, line: string): void {
  const outer = parser.outer.pop();
  if (outer === undefined) throw syntaxError(parser, 'a closing brace without its opening one');
  const final = line[1] === '*';
  if (final) parser.section.final = true;
  parser.section = outer;
  if (!isIgnorable(trimStart(line.slice(final ? 2 : 1)))) {
    parser.events.warn('what follows the closing brace is ignored', here(parser));
  }
}

function parseRelation(parser: Parser, line: string): void {
  const equals = line.indexOf('=');
  const tag = trim(line.slice(0, Math.max(equals, 0)));
  if (tag === '' || hasBlank(tag)) throw syntaxError(parser, 'neither a relation nor a section');
  const star = tag.indexOf('*');
  const final = star >= 0;
  const name = final ? tag.slice(0, star) : tag;
  const value = trimStart(line.slice(equals + 1));
  if (value === '' || value === '{') {
    parser.outer.push(parser.section);
    parser.section = enterSection(parser.section, name);
    if (final) parser.section.final = true;
    if (value === '') parser.state = 'brace';
    return;
  }
  if (value.startsWith('{')) {
    parser.events.warn(
      'a subsection needs its brace at the end of the line; this is a plain value',
      here(parser),
    );
  }
  const text = value.startsWith('"') ? unquote(value) : value;
  addRelation(parser.section, name, { value: text, final, ...here(parser) });
}

/** The section to fill: the one of that name, or a stray one when that name is final. */
function enterSection(parent: Section, name: string): Section {
  const existing = parent.sections.get(name);
  if (existing !== undefined) return existing.final ? createSection() : existing;
  const section = createSection();
  parent.sections.set(name, section);
  return section;
}

function addRelation(section: Section, name: string, relation: Relation): void {
  const list = section.relations.get(name);
  if (list === undefined) section.relations.set(name, [relation]);
  else if (!list.at(-1)!.final) list.push(relation);
}

/** A quoted value up to its closing quote, or to the end of the line if there is none. */
function unquote(value: string): string {
  const inner = /^"((?:\\.|[^"\\])*\\?)/.exec(value)![1]!;
  return inner.replace(/\\(.)/g, (_, char: string) => ({ n: '\n', t: '\t', b: '\b' })[char] ?? char);
}

function isIgnorable(rest: string): boolean {
  return rest === '' || rest.startsWith('#') || rest.startsWith(';');
}

// Without regular expressions: every command parses this when it starts, and compiling them costs more than running
// this code.

function trimStart(text: string): string {
  let start = 0;
  while (isBlank(text, start)) start++;
  return text.slice(start);
}

function trim(text: string): string {
  let end = text.length;
  while (isBlank(text, end - 1)) end--;
  return trimStart(text.slice(0, end));
}

function hasBlank(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (isBlank(text, at)) return true;
  return false;
}

/** Tab to carriage return, or a space, as in C; false beyond the end. */
function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function here({ file, line }: Parser): Place {
  return { file, line };
}

function syntaxError(parser: Parser, text: string): ConfigError {
  return new ConfigError('CONFIG_SYNTAX', `${parser.file}:${parser.line}: ${text}`, here(parser));
}
