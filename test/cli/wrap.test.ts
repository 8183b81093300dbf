import { describe, expect, it } from 'vitest';
import { wrapHelp, wrapLine } from '../../src/cli/wrap.ts';

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

describe('a help', () => {
  const help = `Usage: x [options]

Options:
  --long <value>  What it is for, in so many words.
  -q              Quiet.
`;

  it('is broken within the column of its texts', () => {
    expect(wrapHelp(help, 45).split('\n')[3]).toBe('  --long <value>  What it is for, in so many');
    expect(wrapHelp(help, 45).split('\n')[4]).toBe(`${' '.repeat(18)}words.`);
  });

  it('has its texts below where there is no room beside', () => {
    expect(wrapHelp(help, 30)).toBe(`Usage: x [options]

Options:
  --long <value>
      What it is for, in so
      many words.
  -q
      Quiet.
`);
  });

  it('is the same where it fits', () => {
    expect(wrapHelp(help, 80)).toBe(help);
  });
});
