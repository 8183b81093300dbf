import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KerberosError } from '../../src/errors.ts';
import { createDurableDatabase, openDurableDatabase } from '../../src/kdc/store/open.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

const realm = 'CUT.TEST';
const keychain = () => Promise.reject(new Error('there is none'));
const named = (text: string) => parsePrincipal(text, { defaultRealm: realm });

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-store-'));
  path = join(folder, 'principals.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A database that has seen some changes, one record of which is longer than a page. */
async function make(): Promise<void> {
  const database = await createDurableDatabase(path, { realm, keychain });
  for (let i = 0; i < 120; i++) database.add(named(`user${i}`), { random: true });
  const delegatesTo = Array.from({ length: 2000 }, (_, i) => `service${i}/host`);
  database.add(named('host/wide'), { random: true }, { delegatesTo });
  for (let i = 0; i < 40; i++) database.remove(named(`user${3 * i}`));
  await database.close();
}

it('a file that was cut off is either told of, or has all that there is to be read', async () => {
  await make();
  const { size } = statSync(path);
  const whole = join(folder, 'whole');
  copyFileSync(path, whole);
  const outcomes = new Map<string, number>();
  for (let length = size - 1; length > 0; length -= 2011) {
    rmSync(`${path}-lock`, { force: true });
    copyFileSync(whole, path);
    truncateSync(path, length);
    let outcome = 'opened';
    try {
      const database = await openDurableDatabase(path, { keychain });
      expect([...database.principals()]).toHaveLength(82);
      await database.close();
    } catch (error) {
      expect(error).toBeInstanceOf(KerberosError);
      outcome = (error as KerberosError).code;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect(outcomes.get('DATABASE_FORMAT')).toBeGreaterThan(30);
  expect([...outcomes.keys()].filter(outcome => outcome !== 'opened')).toEqual(['DATABASE_FORMAT']);
});

it('a file that is whole is opened, whatever has become of it', async () => {
  await make();
  const database = await openDurableDatabase(path, { keychain });
  for (let round = 0; round < 8; round++) {
    database.change(() => {
      for (let i = 0; i < 60; i++) database.add(named(`round${i}`), { random: true });
      for (let i = 0; i < 60; i++) database.remove(named(`round${(i * 7 + round) % 60}`));
    });
    const other = await openDurableDatabase(path, { keychain });
    expect([...other.principals()]).toHaveLength(82);
    await other.close();
  }
  await database.close();
});
