import { describe, expect, it } from 'vitest';
import { readPasswordLine } from '../../src/cli/terminal/prompt.ts';
import { captureIo } from '../support/io.ts';

describe('a password from a pipe', () => {
  it('is the next line; the prompt and a line end appear on stdout', async () => {
    const io = captureIo({ stdin: 'old secret\nnew secret\n' });
    expect(await io.readPassword('Password for alice@A.TEST: ')).toBe('old secret');
    expect(await io.readPassword('Enter new password: ')).toBe('new secret');
    expect(io.stdout).toBe('Password for alice@A.TEST: \nEnter new password: \n');
    expect(io.stderr).toBe('');
  });

  it('may be empty, and may lack its line end', async () => {
    const io = captureIo({ stdin: '\nlast' });
    expect(await io.readPassword('Password: ')).toBe('');
    expect(await io.readPassword('Password: ')).toBe('last');
  });

  it('is unread at the end of the input, with the prompt line ended', async () => {
    const io = captureIo({ stdin: '' });
    await expect(io.readPassword('Password: ')).rejects.toMatchObject({
      code: 'PASSWORD_UNREAD',
      message: 'Cannot read password',
    });
    expect(io.stdout).toBe('Password: \n');
  });

  it('is unread when the input fails, with the reason as the cause', async () => {
    const failure = new Error('EIO');
    const fail = () => Promise.reject(failure);
    const broken = { next: fail, block: fail };
    await expect(readPasswordLine('Password: ', () => undefined, broken)).rejects.toMatchObject({
      code: 'PASSWORD_UNREAD',
      cause: failure,
    });
  });

  it('shares the input with lines read for other ends', async () => {
    const io = captureIo({ stdin: 'addent -password\nsecret\nquit\n' });
    expect(await io.readLine()).toBe('addent -password');
    expect(await io.readPassword('Password: ')).toBe('secret');
    expect(await io.readLine()).toBe('quit');
    expect(await io.readLine()).toBeUndefined();
  });
});
