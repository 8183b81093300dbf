import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readInputLine, readWholeInput, stdinBytes } from '../../src/cli/terminal/input.ts';
import { textToBytes } from '../../src/codec/text.ts';
import { bytesOf } from '../support/io.ts';

describe('readWholeInput', () => {
  it('takes what is left, whatever the bytes', async () => {
    const input = bytesOf(Buffer.from('line\n\0\xff\r\n', 'latin1'));
    await readInputLine(input);
    expect(await readWholeInput(input, 4)).toEqual(Uint8Array.of(0, 0xff, 0x0d, 0x0a));
    expect(await readWholeInput(input, 4)).toEqual(new Uint8Array(0));
  });

  it('takes no more than its limit', async () => {
    await expect(readWholeInput(bytesOf('12345'), 4)).rejects.toMatchObject({
      code: 'INPUT_TOO_LONG',
      message: 'The input is longer than 4 bytes',
    });
  });
});

describe('readInputLine', () => {
  it('takes one line at a time, without its end', async () => {
    const input = bytesOf('one\ntwo\r\n\nlast');
    expect(await readInputLine(input)).toBe('one');
    expect(await readInputLine(input)).toBe('two');
    expect(await readInputLine(input)).toBe('');
    expect(await readInputLine(input)).toBe('last');
    expect(await readInputLine(input)).toBeUndefined();
  });

  it('cuts a line after 1023 bytes and drops the rest of it', async () => {
    const input = bytesOf(`${'x'.repeat(4000)}\nnext\n`);
    expect(await readInputLine(input)).toBe('x'.repeat(1023));
    expect(await readInputLine(input)).toBe('next');
  });

  it('keeps bytes that are not UTF-8', async () => {
    const line = await readInputLine(bytesOf(Buffer.from('p\xe4ss\n', 'latin1')));
    expect(Buffer.from(textToBytes(line!)).toString('latin1')).toBe('p\xe4ss');
  });
});

describe('stdinBytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'input-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function open(text: string): number {
    const path = join(folder, 'stdin');
    writeFileSync(path, text);
    return openSync(path, 'r');
  }

  it('leaves the bytes after a line to the next reader of the descriptor', async () => {
    const fd = open('secret\nrest of the input\n');
    expect(await readInputLine(stdinBytes(fd))).toBe('secret');
    expect(readFileSync(fd, 'utf8')).toBe('rest of the input\n');
    closeSync(fd);
  });

  it('gives large input whole, after what was unread', async () => {
    const text = 'x'.repeat(300_000);
    const fd = open(text);
    const input = stdinBytes(fd);
    input.unread(Buffer.from('ab'));
    expect(await input.next()).toBe(0x61);
    expect(Buffer.from(await readWholeInput(input, 300_001)).toString()).toBe(`b${text}`);
    closeSync(fd);
  });

  it('gives back what was unread before the rest', async () => {
    const fd = open('b\n');
    const input = stdinBytes(fd);
    input.unread(Buffer.from('a\n'));
    expect(await readInputLine(input)).toBe('a');
    expect(await readInputLine(input)).toBe('b');
    input.unread(Buffer.from('c'));
    expect(Buffer.from(input.takeUnread()).toString()).toBe('c');
    expect(await readInputLine(input)).toBeUndefined();
    closeSync(fd);
  });
});
