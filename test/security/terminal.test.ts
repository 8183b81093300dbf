import { describe, expect, it } from 'vitest';
import { bytesToText, printable } from '../../src/codec/text.ts';

describe('printable', () => {
  it('lets no control character of an 8-bit terminal through, whether it is UTF-8 or a lone byte', () => {
    expect(printable(bytesToText(Uint8Array.of(0x41, 0x9b, 0x32, 0x4a)))).toBe('A?2J');
    expect(printable('A\u009b2J\u001b[2J')).toBe('A?2J?[2J');
  });

  it('leaves letters alone, those of which half looks like such a byte and those of Latin-1 too', () => {
    const latin1 = bytesToText(Uint8Array.of(0x66, 0xfc, 0x72));
    expect(printable(`${latin1} \u{1f480} ü`)).toBe(`${latin1} \u{1f480} ü`);
  });
});
