import { describe, expect, it, vi } from 'vitest';
import { keychainBackends } from '../../src/ccache/keychain/backends.ts';
import { describeBackends, openKeychain, tryKeychain } from '../../src/ccache/keychain/open.ts';
import { scriptProgram } from '../support/fake-program.ts';
import { scratch } from './samples.ts';

vi.mock('keytar', () => {
  throw new Error('libsecret-1.so.0: cannot open shared object file');
});

const KEYTAR = 'keytar does not load; it needs libsecret-1.so.0';

describe('where keytar cannot be loaded', () => {
  it('the program of the system takes its place', async () => {
    const security = scriptProgram(scratch(), 'security', `process.stdout.write('c2VjcmV0\\n')`);
    const environment = { PATH: process.env.PATH };
    const options = { platform: 'darwin', programs: { security } } as const;
    expect(await tryKeychain(environment, options)).toEqual({ usable: true, locked: false });
    expect(await (await openKeychain(environment, options)).read('x')).toBe('c2VjcmV0');
    expect(await tryKeychain(environment, { ...options, backend: 'keytar' })).toEqual({
      usable: false,
      absent: false,
      reason: 'keytar does not load',
    });
  });

  it('and where that is missing, both are told', async () => {
    const options = { platform: 'win32', programs: { powershell: '/none/powershell' } } as const;
    await expect(openKeychain({}, options)).rejects.toMatchObject({
      code: 'KEYCHAIN_UNAVAILABLE',
      message: 'The OS keychain cannot be used: keytar does not load, /none/powershell is missing',
    });
  });

  it('it is asked itself for a bus that only it can reach', async () => {
    const folder = scratch();
    const environment = { PATH: process.env.PATH, DBUS_SESSION_BUS_ADDRESS: 'tcp:host=localhost,port=1' };
    const found = scriptProgram(folder, 'found', 'process.exit(1)');
    const refused = scriptProgram(
      folder,
      'refused',
      `console.error('secret-tool: Refused'); process.exit(1)`,
    );
    const from = (program: string) => ({ platform: 'linux', programs: { 'secret-tool': program } }) as const;
    expect(await tryKeychain(environment, from(found))).toEqual({ usable: true, locked: false });
    expect(await tryKeychain(environment, from(refused))).toEqual({
      usable: false,
      absent: false,
      reason: 'Refused',
    });
    const described = await describeBackends(environment, from(refused));
    expect(described[2]).toEqual({ name: 'secret-tool', usable: false, reason: 'Refused' });
  });

  it('every back-end is described, in the order in which they are tried', async () => {
    expect(await describeBackends({ PATH: '' }, { platform: 'linux' })).toEqual([
      { name: 'keytar', usable: false, reason: KEYTAR },
      { name: 'security', usable: false, reason: 'it is for macOS' },
      { name: 'secret-tool', usable: false, reason: 'secret-tool is not installed' },
      { name: 'powershell', usable: false, reason: 'it is for Windows' },
    ]);
    const programs = { 'secret-tool': process.execPath };
    const described = await describeBackends({}, { platform: 'linux', programs });
    expect(described[2]).toEqual({ name: 'secret-tool', usable: false, reason: 'there is no D-Bus session' });
  });
});

it('no two back-ends have the same name', () => {
  const names = keychainBackends.map(({ name }) => name);
  expect(new Set([...names, 'passphrase', 'none']).size).toBe(names.length + 2);
});
