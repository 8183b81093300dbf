import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Keychain } from '../../src/ccache/ccache.ts';
import { keytarBackend } from '../../src/ccache/keychain/keytar.ts';
import { scratch } from './samples.ts';

/** Notes its calls; gives an item away only in the process that has read it, as where the user confirms each access. */
const FAKE_KEYTAR = `
const { appendFileSync } = require('node:fs');
let mayDelete = false;
const note = (call, args) => appendFileSync(process.env.CALLS, [call, ...args].join(' ') + '\\n');
exports.getPassword = async (...args) => {
  note('get', args);
  if (process.env.FAILURE) throw new Error(process.env.FAILURE);
  mayDelete = true;
  return 'c2VjcmV0';
};
exports.setPassword = async (...args) => note('set', args);
exports.deletePassword = async (...args) => {
  note('delete', args);
  return mayDelete;
};`;

const fake = vi.hoisted(() => ({ path: '' }));
// By `require`, so that a child finds it by its path.
vi.mock('keytar', () => ({ default: createRequire(import.meta.url)(fake.path) as unknown }));

let calls: string;
beforeAll(() => {
  fake.path = join(mkdtempSync(join(tmpdir(), 'krb5kit-test-')), 'keytar.cjs');
  writeFileSync(fake.path, FAKE_KEYTAR);
});
afterAll(() => rmSync(dirname(fake.path), { recursive: true }));
beforeEach(() => {
  calls = join(scratch(), 'calls');
});

function open(platform: NodeJS.Platform, more: NodeJS.ProcessEnv = {}): Promise<Keychain> {
  const environment = { ...process.env, CALLS: calls, ...more };
  return keytarBackend.open({ environment, platform, answerSeconds: 60, dialogSeconds: 60, programs: {} });
}

const called = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : []);

describe('keytar in a child', () => {
  it('deletes on Linux what may be read, by reading it in the same process', async () => {
    const keychain = await open('linux');
    expect(await keychain.remove('/data')).toBe(true);
    expect(called()).toEqual(['get krb5kit /data', 'delete krb5kit /data']);
  });

  it('asks nobody for leave to read what it deletes on macOS', async () => {
    await (await open('darwin')).remove('/data');
    expect(called()).toEqual(['delete krb5kit /data']);
  });

  it('reads and writes', async () => {
    const keychain = await open('linux');
    await keychain.write('/data', 'c2VjcmV0');
    expect(await keychain.read('/data')).toBe('c2VjcmV0');
    expect(called()).toEqual(['set krb5kit /data c2VjcmV0', 'get krb5kit /data']);
  });

  it.each([
    ['Timeout was reached', 'KEYCHAIN_TIMEOUT'],
    ['Cannot create an item in a locked collection', 'KEYCHAIN_LOCKED'],
    ['The connection is closed', 'KEYCHAIN_UNAVAILABLE'],
  ])('that says "%s" fails with %s, and deletes nothing', async (FAILURE, code) => {
    const keychain = await open('linux', { FAILURE });
    await expect(keychain.read('/data')).rejects.toMatchObject({ code });
    await expect(keychain.remove('/data')).rejects.toMatchObject({ code });
    expect(called()).toEqual(['get krb5kit /data', 'get krb5kit /data']);
  });
});
