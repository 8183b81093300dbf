import { describe, expect, it } from 'vitest';
import { posixRegex } from '../../src/preauth/pkinit/posix-regex.ts';

describe('an extended regular expression of POSIX', () => {
  it.each([
    ['a.c', 'xa\ncx', true],
    ['^a|b$', 'cb', true],
    ['^(ab)*c', 'ababc', true],
    ['a+?$', '', true],
    ['^a{2}{2}$', 'aaaa', true],
    ['^a{,2}$', 'aaa', false],
    ['^a{1,}$', 'aaa', true],
    ['[]a]', ']', true],
    ['[^]a]', ']', false],
    ['^[\\w]$', '\\', true],
    ['^[\\w]$', 'x', false],
    ['^[a-]$', '-', true],
    ['^[[:alpha:]][[:digit:]_-]$', 'ä-', true],
    ['^[[:upper:]]', 'a', false],
    ['^[[.-.]-0]$', '.', true],
    ['^(a|b)\\1$', 'bb', true],
    ['^(a|b)\\1$', 'ab', false],
    ['\\<user\\>', 'a user b', true],
    ['\\<user\\>', 'users', false],
    ['a\\b.\\B', 'a,', true],
    ['^\\W$', 'ü', false],
    ["\\`a\\.b\\'", 'a.b', true],
    ['^a)b}/]$', 'a)b}/]', true],
    ['^(?:x)$', 'x', undefined],
    ['*a', '', undefined],
    ['(*a)', '', undefined],
    ['a|*b', '', undefined],
    ['a{x}', '', undefined],
    ['(a', '', undefined],
    ['[a', '', undefined],
    ['[b-a]', '', undefined],
    ['[[:nope:]]', '', undefined],
    ['(a\\1)', '', undefined],
    ['\\b*', '', undefined],
    ['a\\', '', undefined],
  ])('%s, in %j: %s', (source, text, matches) => {
    if (matches === undefined) expect(() => posixRegex(source)).toThrow(SyntaxError);
    else expect(posixRegex(source).test(text)).toBe(matches);
  });
});
