import { describe, expect, it } from 'vitest';
import { wrapLine } from '../../src/cli/wrap.ts';

const LINE = '  Try: kinit -k -t /etc/krb5.keytab host/www.example.test, as root';

describe('a line', () => {
  it('is broken at blanks to fit the terminal, and goes on further in', () => {
    expect(wrapLine(LINE, true, 36)).toBe(
      '  Try: kinit -k -t /etc/krb5.keytab\n    host/www.example.test, as root',
    );
  });

  it('stays one where it fits, or goes to no terminal', () => {
    expect(wrapLine(LINE, true, LINE.length)).toBe(LINE);
    expect(wrapLine(LINE, false, 36)).toBe(LINE);
  });

  it('keeps a word whole that is wider than the terminal, and loses nothing', () => {
    const long = `KDC: ${'x'.repeat(60)} answered`;
    const wrapped = wrapLine(long, true, 40);
    expect(wrapped.split('\n')).toEqual(['KDC:', `  ${'x'.repeat(60)}`, '  answered']);
    expect(wrapped.replaceAll(/\n */g, ' ')).toBe(long);
  });
});
