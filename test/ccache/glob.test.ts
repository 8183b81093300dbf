import fc from 'fast-check';
import { expect, it } from 'vitest';
import { globMatcher } from '../../src/ccache/glob.ts';

it.each([
  ['host/*', 'host/a.test', true],
  ['host/*', 'HTTP/a.test', false],
  ['*', '', true],
  ['*', 'a/b@C', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a?c', 'a/c', true],
  ['[a-c]x', 'bx', true],
  ['[a-c]x', 'dx', false],
  ['[!a-c]x', 'dx', true],
  ['[^a-c]x', 'bx', false],
  ['[]a]', ']', true],
  ['[a.]', '.', true],
  ['[c-a]', 'b', false],
  ['[', '[', true],
  ['[ab', '[ab', true],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['a\\', 'a\\', true],
  ['a.c', 'abc', false],
  ['(a|b)+', '(a|b)+', true],
  ['a**b', 'axxb', true],
  ['a*b', 'a\nb', true],
  ['grün', 'grün', true],
  ['', '', true],
  ['', 'a', false],
  ['*ab*', 'xaab', true],
  ['a*b*1', 'axxbyb1', true],
  ['a*b*1', 'axxbyb', false],
  ['a*ba', 'aba', true],
  ['ab*ba', 'aba', false],
  ['abc', 'xabc', false],
])('%j against %j: %s', (pattern, text, fits) => {
  expect(globMatcher(pattern)(text)).toBe(fits);
});

it('takes no more time for many stars', () => {
  const fits = globMatcher(`${'*a'.repeat(30)}*z`);
  expect(fits('a'.repeat(1000))).toBe(false);
  expect(fits(`${'a'.repeat(1000)}z`)).toBe(true);
});

it('takes any text for a pattern, and what is quoted for itself', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (pattern, text) => {
      expect(typeof globMatcher(pattern)(text)).toBe('boolean');
      const quoted = text.replace(/[\\*?[]/g, '\\$&');
      expect(globMatcher(quoted)(text)).toBe(true);
    }),
  );
});
