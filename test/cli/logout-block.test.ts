import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockIn, isDamaged, withBlock, withoutBlock } from '../../src/cli/logout/block.ts';

const begin = '# >>> krb5kit logout >>>\n';
const end = '# <<< krb5kit logout <<<\n';
const lines = 'first\nsecond\n';

/** A file of a user's: any bytes, a character each, in lines that end in any way. */
const anyText = fc
  .array(
    fc.oneof(
      fc.uint8Array().map(bytes => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom('export A=1', '# >>> krb5kit', '# <<<', ''),
    ),
  )
  .chain(parts => fc.constantFrom('\n', '\r\n').map(lineEnd => parts.join(lineEnd)));

describe('lines of ours in a file', () => {
  it('leave every byte of the user’s where it is, and go without a trace', () => {
    fc.assert(
      fc.property(anyText, text => {
        const whole = withBlock(text, lines);
        expect(whole.startsWith(text)).toBe(true);
        expect(blockIn(whole)).toBe(lines);
        expect(withoutBlock(whole)).toBe(text);
      }),
    );
  });

  it('are there once, however often they are put there', () => {
    fc.assert(
      fc.property(anyText, text => {
        const whole = withBlock(text, lines);
        expect(withBlock(whole, lines)).toBe(whole);
      }),
    );
  });

  it('stay between the lines that the user has put around them', () => {
    const around = (block: string) => `before\n${block}after\r\n`;
    const old = around(begin + lines + end);
    expect(withBlock(old, 'new\n')).toBe(around(`${begin}new\n${end}`));
    expect(withoutBlock(old)).toBe('before\nafter\r\n');
  });

  it('do not take a line break with them on which another line stands by now', () => {
    expect(withoutBlock(`${withBlock('before', lines)}after\n`)).toBe('before\nafter\n');
  });

  it('are the whole of a file that was made for them', () => {
    const whole = withBlock(undefined, lines);
    expect(withoutBlock(whole)).toBeUndefined();
    expect(withoutBlock(withBlock(whole, 'new\n'))).toBeUndefined();
    expect(withoutBlock(`${whole}mine\n`)).toBe('mine\n');
  });

  it('are nothing to a file that was empty before', () => {
    expect(withoutBlock(withBlock('', lines))).toBe('');
  });

  it('are found twice where they have been copied, and are there once again', () => {
    const twice = `a\n${begin}old\n${end}b\n${begin}old\n${end}`;
    expect(blockIn(twice)).toBe('old\nold\n');
    expect(withBlock(twice, lines)).toBe(`a\n${begin}${lines}${end}b\n`);
    expect(withoutBlock(twice)).toBe('a\nb\n');
  });

  it('are found where an editor has changed the line ends', () => {
    const changed = `mine\r\n${(begin + lines + end).replaceAll('\n', '\r\n')}`;
    expect(blockIn(changed)).not.toBe(lines);
    expect(withBlock(changed, lines)).toBe(`mine\r\n${begin}${lines}${end}`);
    expect(withoutBlock(changed)).toBe('mine\r\n');
    expect(withoutBlock(`mine\n${begin}${lines}${end.trimEnd()}`)).toBe('mine\n');
  });
});

describe('a mark without the other', () => {
  it.each([
    ['no end', `a\n${begin}${lines}b\n`],
    ['no beginning', `a\n${lines}${end}b\n`],
    ['two beginnings', `${begin}a\n${begin}${lines}${end}`],
    ['two ends', `${begin}${lines}${end}a\n${end}`],
  ])('is damage: %s', (_, text) => expect(isDamaged(text)).toBe(true));

  it('is none in what we write, or in what is like it', () => {
    expect(isDamaged(withBlock('a', lines))).toBe(false);
    expect(isDamaged(withBlock(undefined, lines))).toBe(false);
    expect(isDamaged(`# ${begin} # ${end}`)).toBe(false);
  });
});
