import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Keychain } from '../../src/ccache/ccache.ts';
import { passphraseKeychain } from '../../src/ccache/keychain/passphrase.ts';
import { sealedStore } from '../../src/ccache/sealed/store.ts';
import { scratch } from './samples.ts';
import { alice, tgt } from './tickets.ts';

// A derivation takes half a second, and several on a machine that has other things to do.
vi.setConfig({ testTimeout: 60_000 });

const HEADER = 'krb5kit passphrase 1\n';
const SECRET = Buffer.alloc(32, 7).toString('base64');

let directory: string;
let path: string;
let asked: string[];
beforeEach(() => {
  directory = scratch();
  path = join(directory, 'passphrase-key');
  asked = [];
});

function open(passphrase = 'correct horse'): Keychain {
  return passphraseKeychain(directory, async purpose => {
    asked.push(purpose);
    return passphrase;
  });
}

describe('a keychain sealed by a passphrase', () => {
  it('keeps the key over processes, in a file for its owner alone', async () => {
    expect(await open().read('')).toBeUndefined();
    await open().write('', SECRET);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'latin1')).not.toContain(SECRET);
    expect(await open().read('')).toBe(SECRET);
    expect(asked).toEqual(['choose', 'open']);
    expect(await open().remove('')).toBe(true);
    expect(await open().remove('')).toBe(false);
    expect(await open().read('')).toBeUndefined();
    expect(asked).toEqual(['choose', 'open']);
  });

  it('is asked for once as long as the file stays the same, and its salt is new each time', async () => {
    const keychain = open();
    await keychain.write('', SECRET);
    expect(await keychain.read('')).toBe(SECRET);
    expect(asked).toEqual(['choose']);
    const first = readFileSync(path);
    await open().write('', SECRET);
    expect(readFileSync(path).subarray(HEADER.length, 37)).not.toEqual(first.subarray(HEADER.length, 37));
    expect(await keychain.read('')).toBe(SECRET);
    expect(asked).toEqual(['choose', 'choose', 'open']);
  });

  it('refuses a wrong passphrase and an empty one, and changes nothing', async () => {
    await open().write('', SECRET);
    const before = readFileSync(path);
    const wrong = { code: 'KEYCHAIN_PASSPHRASE', message: 'The passphrase is wrong' };
    await expect(open('wrong').read('')).rejects.toMatchObject(wrong);
    await expect(open('').read('')).rejects.toMatchObject({ message: 'The passphrase is empty' });
    await expect(open('').write('', SECRET)).rejects.toMatchObject({ message: 'The passphrase is empty' });
    expect(readFileSync(path)).toEqual(before);
  });

  it('takes a letter for the same however it is composed', async () => {
    await open('Zoë').write('', SECRET);
    expect(await open('Zoe\u0308').read('')).toBe(SECRET);
  });

  it.each([
    ['cut off', `${HEADER}0123456789abcdef`],
    ['empty', ''],
    ['of another kind', `x${HEADER}${'0'.repeat(5000)}`],
    ['endless', `${HEADER}${'0'.repeat(1 << 17)}`],
  ])('says that its file is damaged, and asks nobody: %s', async (_, file) => {
    writeFileSync(path, file);
    await expect(open().read('')).rejects.toMatchObject({
      code: 'CACHE_FORMAT',
      message: `The key of the sealed credentials cache is damaged (filename: ${path})`,
    });
    expect(asked).toEqual([]);
  });

  it('does not open a file in which a bit is changed', async () => {
    await open().write('', SECRET);
    const file = readFileSync(path);
    file[file.length - 20]! ^= 1;
    writeFileSync(path, file);
    await expect(open().read('')).rejects.toMatchObject({ code: 'KEYCHAIN_PASSPHRASE' });
  });

  it('says what else is wrong with the file', async () => {
    writeFileSync(path, 'cut short');
    // With these the command says what destroys it; kinit, which discards what is lost, does not.
    await expect(open().read('')).rejects.toMatchObject({ code: 'CACHE_FORMAT', cache: 'KEYCHAIN:' });
    rmSync(path);
    mkdirSync(path);
    await expect(open().read('')).rejects.toThrow('is not a regular file: remove it');
  });
});

it('tickets are sealed by a passphrase, and nothing of them is left', async () => {
  const store = (passphrase?: string) =>
    sealedStore({ dataDirectory: directory, keychain: async () => open(passphrase) });
  const caches = { primary: 'a', members: new Map([['a', { principal: alice, credentials: [tgt] }]]) };
  await store().change(() => caches);
  const before = readFileSync(join(directory, 'tickets'));
  await expect(store('wrong').read()).rejects.toMatchObject({ code: 'KEYCHAIN_PASSPHRASE' });
  await expect(store('wrong').change(() => caches)).rejects.toMatchObject({ code: 'KEYCHAIN_PASSPHRASE' });
  expect(readFileSync(join(directory, 'tickets'))).toEqual(before);
  expect((await store().read()).primary).toBe('a');
  await store().change(() => ({ primary: '', members: new Map() }));
  expect(await open().read('')).toBeUndefined();
});
