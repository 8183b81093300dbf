import { describe, expect, it } from 'vitest';
import { fitLines, wrapHelp, wrapLine } from '../../src/cli/terminal/wrap.ts';

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

describe('lines of an error', () => {
  const usage = `x: invalid option -- 'Z'\nUsage: x [-a] [-b] [-c cache]\n\t[--first | --second] [name]\n`;

  it('are each broken to fit, with the tabs that they begin with', () => {
    expect(fitLines(usage, 28)).toBe(
      `x: invalid option -- 'Z'
Usage: x [-a] [-b] [-c
  cache]
\t[--first | --second]
\t  [name]
`,
    );
    expect(fitLines(fitLines(usage, 28), 28)).toBe(fitLines(usage, 28));
  });

  it('are left alone where they fit, or a line is built of pieces, or it is JSON', () => {
    for (const text of [usage, 'waiting for the KDC of a realm', '\r\x1b[K a word and another\n']) {
      expect(fitLines(text, 80)).toBe(text);
    }
    const json = `{"message":"so many words that a narrow terminal has no room for them"}\n`;
    expect(fitLines(json, 30)).toBe(json);
    expect(fitLines('a prompt that has no end of line at all: ', 30)).toBe(
      'a prompt that has no end of line at all: ',
    );
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
