import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineEditor } from '../../src/cli/terminal/line-editor.ts';

function press(keys: string | Uint8Array): { state: string; text: string } {
  const editor = new LineEditor();
  let state = 'more';
  for (const key of Buffer.from(keys)) state = editor.press(key);
  return { state, text: editor.text };
}

describe('LineEditor', () => {
  it.each([
    ['\r', 'done', ''],
    ['abc\r', 'done', 'abc'],
    ['abc\n', 'done', 'abc'],
    ['abc', 'more', 'abc'],
    ['abc\x7f', 'more', 'ab'],
    ['abc\x08\x08\x08\x08d', 'more', 'd'],
    ['aß\x7f', 'more', 'a'],
    ['a🔑\x7f', 'more', 'a'],
    ['one two  \x17', 'more', 'one '],
    ['one\x17', 'more', ''],
    ['one two\x15three', 'more', 'three'],
    ['a\x16\x03b', 'more', 'a\x03b'],
    ['\x04', 'eof', ''],
    ['abc\x04', 'more', 'abc'],
    ['abc\x04\x04', 'done', 'abc'],
    ['abc\x04\x7f\x15d', 'more', 'abcd'],
    ['ab\x03', 'interrupt', 'ab'],
    ['ab\x1c', 'quit', 'ab'],
    ['ab\x1a', 'suspend', 'ab'],
    ['a\x1b[Ab', 'more', 'a\x1b[Ab'],
  ])('takes the keys %j for %s with %j', (keys, state, text) => {
    expect(press(keys)).toEqual({ state, text });
  });

  it('keeps 1023 bytes of a longer line', () => {
    expect(press('x'.repeat(5000)).text).toBe('x'.repeat(1023));
  });

  it('holds nothing after clear', () => {
    const editor = new LineEditor();
    editor.press(0x61);
    editor.clear();
    expect(editor.text).toBe('');
  });

  it('gives any printable text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), text => {
        expect(press(`${text}\r`)).toEqual({ state: 'done', text });
      }),
    );
  });
});
