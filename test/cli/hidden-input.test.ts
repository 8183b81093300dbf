import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../support/build-program.ts';
import { hasPty, type PtyStep, runInPty } from '../support/pty.ts';

const source = `
import { processIo } from './src/cli/terminal.ts';
const io = processIo(process);
const prompts = process.argv.slice(2);
try {
  for (const prompt of prompts) io.out(JSON.stringify(await io.readPassword(prompt)) + '\\n');
} catch (error) {
  io.err(error.code + '\\n');
  process.exitCode = 1;
}
`;

describe.skipIf(!hasPty())('a password from a terminal (needs python3 for the pty)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hidden-input-'));
  const program = join(folder, 'ask.mjs');

  beforeAll(() => buildProgram(source, program));
  afterAll(() => rmSync(folder, { recursive: true }));

  function ask(steps: readonly PtyStep[], prompts: readonly string[] = ['Password: ']) {
    return runInPty([process.execPath, program, ...prompts], steps);
  }

  function type(keys: string) {
    return ask([{ expect: 'Password: ', send: keys }]);
  }

  it('is not echoed, and Enter ends the line on the screen', () => {
    expect(type('sesame\r')).toEqual({ shown: 'Password: \r\n"sesame"\r\n', status: 0, sane: true });
  });

  it('is edited with Backspace, Ctrl-W and Ctrl-U by whole characters', () => {
    expect(type('wrong\x15pässä\x7fwörd two\x17\r').shown).toContain('"pässwörd "');
  });

  it('is interrupted by Ctrl-C', () => {
    expect(type('ses\x03')).toEqual({
      shown: 'Password: \r\nPASSWORD_INTERRUPTED\r\n',
      status: 1,
      sane: true,
    });
  });

  it('is interrupted by SIGINT', () => {
    expect(ask([{ expect: 'Password: ', send: { signal: 'SIGINT' } }])).toEqual({
      shown: 'Password: \r\nPASSWORD_INTERRUPTED\r\n',
      status: 1,
      sane: true,
    });
  });

  it('is unread after Ctrl-D on an empty line', () => {
    expect(type('\x04')).toEqual({ shown: 'Password: \r\nPASSWORD_UNREAD\r\n', status: 1, sane: true });
  });

  it('is what was typed before Ctrl-D twice', () => {
    expect(type('sesame\x04\x04').shown).toContain('"sesame"');
  });

  it.each([
    ['SIGTERM', -15],
    ['SIGHUP', -1],
    ['SIGQUIT', -3],
  ] as const)('leaves the terminal sane when %s ends the program', (signal, status) => {
    const result = ask([{ expect: 'Password: ', send: { signal } }]);
    expect(result).toEqual({ shown: 'Password: \r\n', status, sane: true });
  });

  it('may be pasted together with the next one', () => {
    const result = ask([{ expect: 'Old: ', send: 'one\rtwo\r' }], ['Old: ', 'New: ']);
    expect(result.shown).toBe('Old: \r\n"one"\r\nNew: \r\n"two"\r\n');
  });

  it('is asked for again on the same terminal', () => {
    const result = ask(
      [
        { expect: 'Old: ', send: 'one\r' },
        { expect: 'New: ', send: 'two\r' },
      ],
      ['Old: ', 'New: '],
    );
    expect(result).toEqual({ shown: 'Old: \r\n"one"\r\nNew: \r\n"two"\r\n', status: 0, sane: true });
  });

  it('stays hidden after Ctrl-Z and a return to the foreground', () => {
    const result = runInPty(
      ['bash', '-ic', `set -m; PS1=; '${process.execPath}' '${program}' 'Password: '; echo back; fg`],
      [
        { expect: 'Password: ', send: 'ses\x1a' },
        { expect: 'back', send: 'ame\r' },
      ],
    );
    expect(result.shown).toContain('"sesame"');
    expect(result.sane).toBe(true);
  });
});
