import { homedir, userInfo } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { homeDirectory } from '../../src/local/directories.ts';
import { userName } from '../../src/local/user/name.ts';

vi.mock('node:os', async actual => {
  const os = await actual<typeof import('node:os')>();
  return { ...os, homedir: vi.fn(os.homedir), userInfo: vi.fn(os.userInfo) };
});

const account = { username: 'alice', homedir: '/home/alice', uid: 1000, gid: 1000, shell: '/bin/sh' };

/** As Node.js fails for a user ID that is in no user database. */
function withoutAccount(): never {
  throw Object.assign(new Error('A system error occurred: uv_os_homedir returned ENOENT'), {
    code: 'ERR_SYSTEM_ERROR',
  });
}

afterEach(() => {
  vi.mocked(homedir).mockReset();
  vi.mocked(userInfo).mockReset();
});

describe('the home directory', () => {
  it('is what HOME says', () => {
    expect(homeDirectory({ env: { HOME: '/srv/job' } })).toBe('/srv/job');
  });

  it('is in the user database where HOME is missing or empty', () => {
    vi.mocked(homedir).mockReturnValueOnce('/home/alice').mockReturnValueOnce('');
    vi.mocked(userInfo).mockReturnValue(account);
    expect(homeDirectory({ env: {} })).toBe('/home/alice');
    expect(homeDirectory({ env: { HOME: '' } })).toBe('/home/alice');
  });

  it('is the root for a user without an account', () => {
    vi.mocked(homedir).mockImplementation(withoutAccount);
    expect(homeDirectory({ env: {} })).toBe('/');
  });
});

describe('the name of the user', () => {
  it('is that of the account', () => {
    vi.mocked(userInfo).mockReturnValue(account);
    expect(userName()).toBe('alice');
  });

  it('is told to be missing where there is no account', () => {
    vi.mocked(userInfo).mockImplementation(withoutAccount);
    expect(userName).toThrow(
      expect.objectContaining({ code: 'PRINCIPAL_MALFORMED', message: 'Unable to identify user' }),
    );
  });
});
