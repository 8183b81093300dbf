import { describe, expect, it } from 'vitest';
import { HelpRequested, parseArguments } from '../../src/cli/arguments.ts';
import { type Command, UsageError } from '../../src/cli/command.ts';
import { helpText } from '../../src/cli/help-text.ts';

const sample: Command = {
  name: 'sample',
  summary: 'A command for tests.',
  operands: '[name]',
  usageStatus: 2,
  options: [
    { flags: '-f', text: 'A flag.' },
    { flags: '-k, --keytab', text: 'Another.' },
    { flags: '-c <cache>', text: 'A value.' },
    { flags: '--request-pac', text: 'A long one.' },
    { flags: '--no-request-pac', text: 'Its opposite.' },
    { flags: '--out-cache <name>', text: 'A long one with a value.' },
    { flags: '-5', text: 'Ignored.', hidden: true },
  ],
  run: async () => 0,
};

describe('a command line', () => {
  it('may have options after operands and letters in a bundle', () => {
    const args = parseArguments(sample, ['alice', '-fkc', 'FILE:/x', '-5']);
    expect(args.operands).toEqual(['alice']);
    expect([args.has('f'), args.has('keytab'), args.has('5'), args.value('c')]).toEqual([
      true,
      true,
      true,
      'FILE:/x',
    ]);
  });

  it('is refused for a letter that is none, which is shown whole', () => {
    expect(() => parseArguments(sample, ['-f\u{1f600}'])).toThrow("sample: invalid option -- '\u{1f600}'");
  });

  it('takes the word after an option for its value, whatever it looks like', () => {
    expect(parseArguments(sample, ['-c', '-f']).value('c')).toBe('-f');
    expect(parseArguments(sample, ['-c', '--']).value('c')).toBe('--');
    expect(parseArguments(sample, ['-fc/x']).value('c')).toBe('/x');
    expect(parseArguments(sample, ['--out-cache=a=b']).value('outCache')).toBe('a=b');
  });

  it('may shorten long names', () => {
    expect(parseArguments(sample, ['--req']).has('requestPac')).toBe(true);
    expect(parseArguments(sample, ['--no', '--out', 'x']).has('noRequestPac')).toBe(true);
    expect(parseArguments(sample, ['--out=x']).value('outCache')).toBe('x');
  });

  it('ends its options at --', () => {
    expect(parseArguments(sample, ['-f', '--', '-k']).operands).toEqual(['-k']);
  });

  it('tells how many operands stand before --', () => {
    const count = (...argv: string[]) => parseArguments(sample, argv).beforeDashes;
    expect([count(), count('a', 'b'), count('a', '-f', 'b'), count('a', '--')]).toEqual([0, 2, 2, 1]);
    expect([count('--', 'a'), count('a', '--', 'b', '--', '-c')]).toEqual([0, 1]);
    expect([count('-c', '--', 'a'), count('-c', '--', 'a', '--', 'b')]).toEqual([1, 1]);
  });

  it('ends its options at the first operand where POSIX is asked for', () => {
    const args = parseArguments(sample, ['-f', 'alice', '-k'], { posixlyCorrect: true });
    expect(args.operands).toEqual(['alice', '-k']);
    expect(args.has('keytab')).toBe(false);
  });

  it('keeps every value of an option given twice', () => {
    expect(parseArguments(sample, ['-c', 'a', '-cb']).values('c')).toEqual(['a', 'b']);
  });

  it.each([
    [['-Z'], "sample: invalid option -- 'Z'"],
    [['-fZk'], "sample: invalid option -- 'Z'"],
    [['--bogus'], "sample: unrecognized option '--bogus'"],
    [['-c'], "sample: option requires an argument -- 'c'"],
    [['-fc'], "sample: option requires an argument -- 'c'"],
    [['--out-cache'], "sample: option '--out-cache' requires an argument"],
    [['--out'], "sample: option '--out-cache' requires an argument"],
    [['--request-pac=x'], "sample: option '--request-pac' doesn't allow an argument"],
  ])('%j is refused in the words of getopt', (argv, words) => {
    expect(() => parseArguments(sample, argv)).toThrow(new UsageError(words));
  });

  it('is refused where a long name could be another', () => {
    const many = { ...sample, options: [...sample.options, { flags: '--keep', text: 'Like --keytab.' }] };
    const words = "sample: option '--ke' is ambiguous; possibilities: '--keytab' '--keep'";
    expect(() => parseArguments(many, ['--ke'])).toThrow(new UsageError(words));
    expect(parseArguments(many, ['--keep']).has('keep')).toBe(true);
  });

  it('is gone on with after a mistake where the command tells of them', () => {
    const patient = { ...sample, tellsMistakes: true };
    const argv = ['-fZ\u{1f600}k', '--bogus=1', '-cx', '--request-pac=x', '--no', '--o', 'a', 'b', '-c'];
    const args = parseArguments(patient, argv);
    expect(args.given).toEqual([
      { option: 'f', value: '' },
      { mistake: "sample: invalid option -- 'Z'" },
      { mistake: "sample: invalid option -- '\u{1f600}'" },
      { option: 'keytab', value: '' },
      { mistake: "sample: unrecognized option '--bogus=1'" },
      { option: 'c', value: 'x' },
      { mistake: "sample: option '--request-pac' doesn't allow an argument" },
      { option: 'noRequestPac', value: '' },
      { option: 'outCache', value: 'a' },
      { mistake: "sample: option requires an argument -- 'c'" },
    ]);
    expect(args.operands).toEqual(['b']);
    expect([args.has('f'), args.values('c')]).toEqual([true, ['x']]);
  });

  it('of letters alone may have letters in a word with two hyphens', () => {
    const letters = {
      ...sample,
      tellsMistakes: true,
      options: [
        { flags: '-f', text: 'A flag.' },
        { flags: '-c <cache>', text: 'A value.' },
      ],
    };
    expect(parseArguments(letters, ['--fZc', 'x']).given).toEqual([
      { mistake: "sample: invalid option -- '-'" },
      { option: 'f', value: '' },
      { mistake: "sample: invalid option -- 'Z'" },
      { option: 'c', value: 'x' },
    ]);
  });

  it('of letters alone has no long names but --help', () => {
    const letters = { ...sample, options: [{ flags: '-f', text: 'A flag.' }] };
    expect(() => parseArguments(letters, ['--f'])).toThrow(new UsageError("sample: invalid option -- '-'"));
    expect(() => parseArguments(letters, ['-f', '--help', '-Z'])).toThrow(HelpRequested);
  });

  it('shows its options in --help, but for those that are only tolerated', () => {
    const help = helpText(sample);
    expect(help).toContain('--out-cache <name>');
    expect(help).not.toMatch(/^\s*-5/m);
  });
});
