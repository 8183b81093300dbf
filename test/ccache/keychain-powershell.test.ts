import { beforeEach, describe, expect, it } from 'vitest';
import type { Keychain } from '../../src/ccache/ccache.ts';
import { openKeychain, tryKeychain } from '../../src/ccache/keychain/open.ts';
import { type FakeProgram, fakeProgram } from '../support/fake-program.ts';
import { scratch } from './samples.ts';

// Understands of the script what there is in it: the compiled source, one call, one line of output.
const POWERSHELL = String.raw`
const text = base64 => Buffer.from(base64, 'base64').toString('utf8');
function answer(input, items, mode) {
  const lines = input.split('\n');
  if (lines.length !== 3 || lines[1] !== '' || !/^[\x20-\x7e]*$/.test(lines[0])) return 0;
  const source = text(/Add-Type -IgnoreWarnings -TypeDefinition \(& \$text '([^']*)'\)/.exec(input)[1]);
  for (const entry of ['CredReadW', 'CredWriteW', 'CredDeleteW']) if (!source.includes('EntryPoint = "' + entry + '"')) return 1;
  const [, guarded, caught] = /try \{ (.*) \} catch \{ (.*?) \} \}$/.exec(lines[0]);
  const failed = language => {
    // In a restricted language, no method can be called: not there, and not outside.
    if (input.replace(guarded, '').replace(/\$text = \{.*?\};/, '').includes(']::')) return 0;
    process.stdout.write(caught.replace(/\$\(.*\)/, language).replaceAll('"', '') + '\r\n');
    return 0;
  };
  if (mode === 'silent') return 0;
  if (mode === 'constrained') return failed('ConstrainedLanguage');
  if (mode === 'throws') return failed('FullLanguage');
  const [, method, list] = /\[Krb5kit\]::(Read|Write|Remove)\((.*?)\);/.exec(input);
  const words = [...list.matchAll(/'([^']*)'/g)].map(([, word]) => text(word));
  const known = words[0] in items;
  const results = {
    Read: () => (known ? 'value ' + Buffer.from(items[words[0]]).toString('base64') : 'none'),
    Write: () => { items[words[0]] = words[2]; return words[0].endsWith('/' + words[1]) ? 'done' : 'failed 87'; },
    Remove: () => { const result = known ? 'done' : 'none'; delete items[words[0]]; return result; },
  };
  const result = mode === 'no logon' ? 'failed 1312' : results[method]();
  process.stdout.write('krb5kit: ' + result + '\r\n');
  return 0;
}`;

const account = `C:\\Users\\Zoë O'Hara\\AppData\\Local\\krb5kit`;

describe('the back-end powershell (against a recorded fake of the program)', () => {
  let fake: FakeProgram;
  let options: { platform: NodeJS.Platform; backend: string; programs: Record<string, string> };
  const open = (): Promise<Keychain> => openKeychain({ PATH: process.env.PATH }, options);
  beforeEach(() => {
    fake = fakeProgram(scratch(), 'powershell', POWERSHELL);
    options = { platform: 'win32', backend: 'powershell', programs: { powershell: fake.path } };
  });

  it('writes, reads and removes the item that keytar would', async () => {
    const keychain = await open();
    expect(await keychain.read(account)).toBeUndefined();
    expect(await keychain.remove(account)).toBe(false);
    await keychain.write(account, 'c2VjcmV0');
    expect(fake.items).toEqual({ [`krb5kit/${account}`]: 'c2VjcmV0' });
    expect(await keychain.read(account)).toBe('c2VjcmV0');
    expect(await keychain.remove(account)).toBe(true);
    expect(fake.items).toEqual({});
  });

  it('passes script, name and secret through its input alone', async () => {
    await (await open()).write(account, 'c2VjcmV0');
    expect(fake.calls).toEqual([['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', '-']]);
    expect(fake.input).toContain(Buffer.from('c2VjcmV0').toString('base64'));
  });

  it.each([
    ['no logon', 'the Credential Manager answers error 1312'],
    ['throws', 'PowerShell cannot call the Credential Manager'],
    [
      'constrained',
      'PowerShell cannot call the Credential Manager, as it is restricted here (ConstrainedLanguage)',
    ],
    ['silent', 'PowerShell does not run the script'],
  ])('says why it cannot: %s', async (mode, reason) => {
    const keychain = await open();
    fake.behave(mode);
    const unavailable = {
      code: 'KEYCHAIN_UNAVAILABLE',
      message: `The OS keychain cannot be used: ${reason}`,
    };
    await expect(keychain.read(account)).rejects.toMatchObject(unavailable);
    await expect(keychain.write(account, 'c2VjcmV0')).rejects.toMatchObject(unavailable);
    await expect(keychain.remove(account)).rejects.toMatchObject(unavailable);
  });

  it('is looked for in the directory of Windows', async () => {
    const { programs: _, ...usual } = options;
    expect(await tryKeychain({ SystemRoot: 'D:\\Windows' }, usual)).toMatchObject({
      reason: 'D:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe is missing',
    });
  });
});
