import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createProfile, createSection, type Profile, type ProfileWarning } from '../../src/config/profile.ts';
import { parseProfile } from '../../src/config/profile-syntax.ts';
import { ConfigError } from '../../src/errors.ts';

function parse(...texts: readonly string[]): Profile {
  const warnings: ProfileWarning[] = [];
  const roots = texts.map((text, i) => {
    const root = createSection();
    parseProfile(text, `${i}.conf`, root, {
      warn: (message, at) => warnings.push({ ...at, text: message }),
      include: () => {},
    });
    return root;
  });
  return createProfile(roots, warnings);
}

describe('krb5.conf syntax', () => {
  it('reads sections, relations and nested subsections', () => {
    const profile = parse(
      '[a]\n x = 1\n\ty=a = b # no comment\n s = {\n  t =\n  {\n   z = 3\n  }\n }\n[b]\nq = 1',
    );
    expect(profile.values('a', 'x')).toEqual(['1']);
    expect(profile.first('a', 'y')).toBe('a = b # no comment');
    expect(profile.values('a', 's', 't', 'z')).toEqual(['3']);
    expect(profile.names('a')).toEqual(['x', 'y', 's']);
    expect(profile.names()).toEqual(['a', 'b']);
    expect(profile.warnings).toEqual([]);
  });

  it('accumulates repeated relations and sections in the order written', () => {
    const profile = parse(
      '[a]\nk=1\ns = {\nx=1\n}\n[b]\n[a]\nk=2\ns = {\nx=2\n}\n',
      '[a]\nk=3\ns = {\nx=3\n}',
    );
    expect(profile.values('a', 'k')).toEqual(['1', '2', '3']);
    expect(profile.values('a', 's', 'x')).toEqual(['1', '2', '3']);
    expect(profile.first('a', 'k')).toBe('1');
  });

  it('keeps a relation and a subsection of one name apart', () => {
    const profile = parse('[a]\ns = 1\ns = {\nx = 2\n}');
    expect(profile.values('a', 's')).toEqual(['1']);
    expect(profile.values('a', 's', 'x')).toEqual(['2']);
  });

  it('passes over a value left empty in the last line', () => {
    for (const end of ['', '\n', '\r\n']) {
      const profile = parse(`[a]\nx = 1\ny =${end}`, '[a]\ny = 2');
      expect([profile.values('a', 'x'), profile.values('a', 'y')]).toEqual([['1'], ['2']]);
    }
  });

  it('takes comments at the start of a line only', () => {
    const profile = parse('# c\n[a] \n  # c\n; c\nx = 1 # d\n[b]*\n');
    expect(profile.values('a', 'x')).toEqual(['1 # d']);
    expect(profile.warnings).toEqual([]);
  });

  it('unquotes a value and drops what follows its closing quote', () => {
    const profile = parse(
      '[a]\nx = "a\\n\\t\\"q\\\\ \\z " trailing\ny = "open  \nz = a "b"  \nw = ""\nv = "a\\',
    );
    expect(profile.first('a', 'x')).toBe('a\n\t"q\\ z ');
    expect(profile.first('a', 'y')).toBe('open');
    expect(profile.first('a', 'z')).toBe('a "b"');
    expect(profile.first('a', 'w')).toBe('');
    expect(profile.first('a', 'v')).toBe('a\\');
  });

  it('reads CR LF and a byte order mark', () => {
    expect(parse('\ufeff[a]\r\nx = 1\r\ns = {\r\ny = 2\r\n}\r\n').values('a', 's', 'y')).toEqual(['2']);
  });

  it('tells file and line of a value', () => {
    const profile = parse('[a]\n\nx = 1', '[a]\nx = 2\ny = 1');
    expect(profile.where('a', 'x')).toMatchObject({ file: '0.conf', line: 3 });
    expect(profile.where('a', 'y')).toMatchObject({ file: '1.conf', line: 3 });
    expect(profile.where('a', 'z')).toBeUndefined();
  });

  it.each([
    ['section', '[a]*\nx = 1\n[a]\nx = 2', '[a]\nx = 3\ny = 4', ['x']],
    ['subsection by its name', '[s]\na* = {\nx = 1\n}\n', '[s]\na = {\nx = 3\n}\nz = 1', ['a', 'z']],
    ['subsection by its brace', '[s]\na = {\nx = 1\n}*\n', '[s]\na = {\nx = 3\n}\nz = 1', ['a', 'z']],
  ])('lets a final %s hide later ones of its name alone', (_, first, second, names) => {
    const profile = parse(first, second);
    const path = first.startsWith('[a]') ? ['a'] : ['s', 'a'];
    expect(profile.values(...path, 'x')).toEqual(['1']);
    expect(profile.names(path[0]!)).toEqual(names);
  });

  it('lets a final relation hide later ones in its own and later files', () => {
    const profile = parse('[a]\nx = 0\nx* = 1\nx = 2', '[a]\nx = 3\ny = 4');
    expect(profile.values('a', 'x')).toEqual(['0', '1']);
    expect(profile.values('a', 'y')).toEqual(['4']);
  });

  it.each([
    ['junk before the first section', 'junk\n # c\n [x]\n[a]\nx = 1', [1, 3]],
    ['an open brace at the end', '[a]\nx = {\n y = 1', [3]],
    ['a subsection on one line', '[a]\nx = { y = 1 }', [2]],
    ['text after a closing brace', '[a]\nx = {\n}y = 1', [3]],
  ])('accepts %s with a warning', (_, text, lines) => {
    expect(parse(text).warnings.map(warning => warning.line)).toEqual(lines);
  });

  it.each([
    ['a line that is no relation', '[a]\nfoo', 2],
    ['a name of two words', '[a]\nfoo bar = 1', 2],
    ['a relation without a name', '[a]\n = 1', 2],
    ['a header without its bracket', '[a\nx = 1', 1],
    ['text after a header', '[a] *', 1],
    ['a comment after a header', '[a] # c', 1],
    ['a section inside a brace', '[a]\ns = {\n[b]', 3],
    ['a stray closing brace', '[a]\n}', 2],
    ['no brace after an empty value', '[a]\nx =\n# c\n{', 3],
    ['a comment after an opening brace, which makes it a value', '[a]\nx = { # c\n}', 3],
    ['a module', 'module /lib/x.so:y\n', 1],
    ['a NUL', '[a]\nx = a\0b', 2],
  ])('refuses %s with its line', (_, text, line) => {
    try {
      parse(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ code: 'CONFIG_SYNTAX', file: '0.conf', line });
    }
  });

  it('answers any text with a profile or a ConfigError', () => {
    const piece = fc.constantFrom(
      '[a]',
      '*',
      '\n',
      '{',
      '}',
      '=',
      ' ',
      '"',
      '\\',
      'x',
      '#',
      'é',
      '\r',
      'include x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
        try {
          parse(pieces.join('')).names('a');
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
    );
  });
});
