import { beforeEach, describe, expect, it } from 'vitest';
import type { Keychain } from '../../src/ccache/ccache.ts';
import { openKeychain, tryKeychain } from '../../src/ccache/keychain/open.ts';
import { type FakeProgram, fakeProgram } from '../support/fake-program.ts';
import { scratch } from './samples.ts';

// As /usr/bin/security of macOS reads lines, takes options, answers and ends.
const SECURITY = String.raw`
function split(line) {
  const words = [];
  let word, quote, escaped = false;
  for (const c of line) {
    if (word === undefined) {
      if (/\s/.test(c)) continue;
      if (c === '"' || c === "'") { quote = c; word = ''; continue; }
      quote = undefined; word = '';
    }
    if (escaped) { word += c; escaped = false; }
    else if (c === '\\') escaped = true;
    else if (quote ? c === quote : /\s/.test(c)) { words.push(word); word = undefined; }
    else word += c;
  }
  return word === undefined ? words : [...words, word];
}
function options(words, known) {
  const found = {};
  for (let i = 0; i < words.length; i++) {
    const letter = words[i][0] === '-' ? words[i][1] : undefined;
    if (!letter || !known.includes(letter)) return undefined;
    found[letter] = known[known.indexOf(letter) + 1] === ':' ? words[++i] : true;
  }
  return found;
}
const say = text => process.stderr.write('security: ' + text + '\n');
const commands = {
  'default-keychain'(words, items, mode) {
    if (mode !== 'no keychain') { console.log('    "/Users/alice/Library/Keychains/login.keychain-db"'); return 0; }
    say('SecKeychainCopyDefault: A default keychain could not be found.');
    return -25307;
  },
  'find-generic-password'(words, items, mode) {
    const given = options(words, 'a:s:wg');
    if (!given) return 2;
    const item = items[given.s + '\0' + given.a];
    if (item === undefined) { say('SecKeychainSearchCopyNext: The specified item could not be found in the keychain.'); return -25300; }
    if (mode === 'locked') return -25308;
    console.log(given.w ? item : 'keychain: ...');
    return 0;
  },
  'add-generic-password'(words, items, mode) {
    const given = options(words, 'a:s:w:U');
    if (!given || given.a === undefined || given.s === undefined) return 2;
    if (mode === 'canceled') return -128;
    if (mode === 'broken') { say('SecKeychainItemCreateFromContent (<default>): No keychain is available: ' + given.w); return -25291; }
    const name = given.s + '\0' + given.a;
    if (name in items && !given.U) return -25299;
    items[name] = given.w;
    return 0;
  },
  'delete-generic-password'(words, items) {
    const given = options(words, 'a:s:');
    if (!given) return 2;
    const name = given.s + '\0' + given.a;
    if (!(name in items)) { say('SecKeychainSearchCopyNext: The specified item could not be found in the keychain.'); return -25300; }
    delete items[name];
    console.log('keychain: "/Users/alice/Library/Keychains/login.keychain-db"\nclass: "genp"');
    process.stderr.write('password has been deleted.\n');
    return 0;
  },
};
function answer(input, items, mode) {
  if (process.argv.slice(2).join() !== '-i') { console.log('Usage: security [-h] [-i]'); return 2; }
  let result = 0;
  for (const line of input.split('\n').slice(0, -1)) {
    const [command, ...words] = split(line);
    const run = commands[command];
    result = run ? run(words, items, mode) : (say('unknown command "' + command + '"'), 1);
    if (result) process.stderr.write(command + ': returned ' + result + '\n');
  }
  return result & 0xff;
}`;

const account = `/Users/alice/Library/Application Support/"krb5kit"\\x'`;

describe('the back-end security (against a recorded fake of the program)', () => {
  let fake: FakeProgram;
  let options: { platform: NodeJS.Platform; backend: string; programs: Record<string, string> };
  const open = (): Promise<Keychain> => openKeychain({ PATH: process.env.PATH }, options);
  beforeEach(() => {
    fake = fakeProgram(scratch(), 'security', SECURITY);
    options = { platform: 'darwin', backend: 'security', programs: { security: fake.path } };
  });

  it('writes, reads and removes an item, whatever its name', async () => {
    const keychain = await open();
    expect(await keychain.read(account)).toBeUndefined();
    expect(await keychain.remove(account)).toBe(false);
    await keychain.write(account, 'b25l+/==');
    await keychain.write(account, 'dHdv+/==');
    expect(fake.items).toEqual({ [`krb5kit\0${account}`]: 'dHdv+/==' });
    expect(await keychain.read(account)).toBe('dHdv+/==');
    expect(await keychain.remove(account)).toBe(true);
    expect(fake.items).toEqual({});
  });

  it('passes nothing as an argument', async () => {
    await (await open()).write(account, 'c2VjcmV0');
    expect(new Set(fake.calls.map(call => call.join(' ')))).toEqual(new Set(['-i']));
    expect(fake.input).toContain('c2VjcmV0');
  });

  it('tells a locked keychain and a refusal from no item', async () => {
    const keychain = await open();
    await keychain.write(account, 'c2VjcmV0');
    fake.behave('locked');
    await expect(keychain.read(account)).rejects.toMatchObject({ code: 'KEYCHAIN_LOCKED' });
    fake.behave('canceled');
    await expect(keychain.write(account, 'bmV3')).rejects.toMatchObject({ code: 'KEYCHAIN_LOCKED' });
  });

  it('passes on no word that could be the secret', async () => {
    const keychain = await open();
    fake.behave('broken');
    const error: unknown = await keychain.write(account, 'c2VjcmV0').catch(reason => reason);
    expect(error).toMatchObject({
      code: 'KEYCHAIN_UNAVAILABLE',
      message: 'The OS keychain cannot be used: security ended with status 53',
    });
    expect((error as Error).stack).not.toContain('c2Vj');
  });

  it('is refused where there is no keychain', async () => {
    expect(await tryKeychain({}, options)).toEqual({ usable: true, locked: false });
    fake.behave('no keychain');
    expect(await tryKeychain({}, options)).toEqual({
      usable: false,
      absent: false,
      reason: 'A default keychain could not be found.',
    });
    const programs = { security: '/nonexistent/security' };
    expect(await tryKeychain({}, { ...options, programs })).toMatchObject({
      reason: '/nonexistent/security is missing',
    });
  });

  it.each(['a\nb', 'a\0b', 'x'.repeat(5000)])(
    'does not put a name on its line that does not fit',
    async name => {
      const keychain = await open();
      await expect(keychain.write(name, 'c2VjcmV0')).rejects.toMatchObject({ code: 'KEYCHAIN_UNAVAILABLE' });
      expect(fake.items).toEqual({});
    },
  );
});
