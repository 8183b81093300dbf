import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Keychain } from '../../src/ccache/ccache.ts';
import { createDurableDatabase, openDurableDatabase } from '../../src/kdc/store/open.ts';
import type { DurableDatabase } from '../../src/kdc/store.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { memoryKeychain } from '../support/memory-keychain.ts';

const realm = 'STORE.TEST';
const named = (text: string) => parsePrincipal(text, { defaultRealm: realm });
const alice = named('alice');

let folder: string;
let path: string;
let opened: DurableDatabase[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-store-'));
  path = join(folder, 'principals.db');
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map(database => database.close()));
  rmSync(folder, { recursive: true });
});

const noKeychain = (): Promise<Keychain> => Promise.reject(new Error('nobody should ask the keychain'));

async function create(options: Partial<Parameters<typeof createDurableDatabase>[1]> = {}) {
  const database = await createDurableDatabase(path, { realm, keychain: noKeychain, ...options });
  opened.push(database);
  return database;
}

async function open(options: Partial<Parameters<typeof openDurableDatabase>[1]> = {}) {
  const database = await openDurableDatabase(path, { keychain: noKeychain, ...options });
  opened.push(database);
  return database;
}

/** Closes what is open and opens it again, as another process would. */
async function reopened(): Promise<DurableDatabase> {
  await Promise.all(opened.splice(0).map(database => database.close()));
  return open();
}

/** An entry without its handles. */
function contents(database: DurableDatabase, name: string) {
  const entry = database.find(named(name).components, realm);
  return (
    entry && {
      ...entry,
      keys: entry.keys.map(version => ({
        kvno: version.kvno,
        origin: version.origin,
        rows: version.rows().map(({ etype, bytes }) => [etype, Buffer.from(bytes).toString('hex')]),
      })),
    }
  );
}

describe('a database in a file', () => {
  it('keeps principals with keys, salts and whatever their policy says', async () => {
    const database = await create();
    const policy = {
      maxLife: 300,
      expiration: new Date('2030-01-31T12:00:00Z'),
      sessionEnctypes: [17, 18],
      aliases: ['al', 'alice@corp.example'],
      ofTomorrow: { secret: Uint8Array.of(1, 2, 3), list: [{ since: new Date(5) }] },
    };
    database.add(alice, { password: 'secret', salt: 'odd' }, { kvno: 3, ...policy });
    database.addKeys(alice, { random: true, enctypes: [18] });
    const before = contents(database, 'alice');
    expect(before).toMatchObject({ principal: alice, policy, keys: [{ kvno: 4 }, { kvno: 3 }] });
    expect(contents(await reopened(), 'alice')).toEqual(before);
  });

  it('takes no lifetime that is not a number of seconds', async () => {
    const database = await create();
    database.add(alice, { password: 'x' });
    expect(() => database.update(alice, { maxLife: Number.NaN })).toThrow(TypeError);
    expect(() => database.addRealm(realm, { maxLife: '10h' as unknown as number })).toThrow(TypeError);
  });

  it('gives no name or alias to two, whichever process asks', async () => {
    const database = await create();
    const bob = named('bob');
    database.add(alice, { random: true }, { aliases: ['al'] });
    const other = await open();
    const taken = expect.objectContaining({ code: 'PRINCIPAL_EXISTS' });
    expect(() => other.add(named('al'), { random: true })).toThrow(taken);
    for (const alias of ['al', 'alice']) {
      expect(() => other.add(bob, { random: true }, { aliases: [alias] })).toThrow(taken);
    }
    expect(other.own(bob)).toBeUndefined();
    other.add(bob, { random: true }, { aliases: ['bobby'] });
    expect(() => database.update(bob, { aliases: ['bobby', 'al'] })).toThrow(taken);
    expect(database.find(['bobby'], realm)?.principal).toEqual(bob);
    expect(database.find(['al'], realm)?.principal).toEqual(alice);
    database.update(alice, { aliases: [] });
    expect(other.add(named('al'), { random: true }).principal).toEqual(named('al'));
  });

  it('finds a principal by its aliases, until it has them no longer', async () => {
    const database = await create();
    database.add(alice, { random: true }, { aliases: ['al', 'alice@corp.example'] });
    expect(database.find(['al'], realm)?.principal).toEqual(alice);
    expect(database.find(['alice@corp.example'], realm)?.principal).toEqual(alice);
    database.update(alice, { aliases: ['ali'] });
    expect(database.find(['al'], realm)).toBeUndefined();
    expect(database.find(['ali'], realm)?.principal).toEqual(alice);
    database.remove(alice);
    expect(database.find(['ali'], realm)).toBeUndefined();
  });

  it('has a ticket-granting service for its realm, and the keys that other realms share with it', async () => {
    const database = await create();
    expect(database.find(['krbtgt', realm], realm)).toBeDefined();
    database.add(parsePrincipal(`krbtgt/${realm}@OTHER.TEST`), { random: true });
    expect(database.find(['krbtgt', realm], 'OTHER.TEST')).toBeDefined();
    expect(database.realms()).toEqual([realm]);
    expect(() => database.add(parsePrincipal('bob@OTHER.TEST'), { random: true })).toThrow(TypeError);
  });

  it('lists its principals', async () => {
    const database = await create();
    for (const name of ['zoe', 'bob', 'HTTP/www', 'HTTP']) database.add(named(name), { random: true });
    expect([...database.principals()].map(({ principal }) => principal.components.join('/'))).toEqual([
      'HTTP/www',
      'HTTP',
      'bob',
      `krbtgt/${realm}`,
      'zoe',
    ]);
  });

  it('tells names apart that are any characters, and knows none that is too long', async () => {
    const database = await create();
    const names = [['a/b'], ['a', 'b'], ['a\0b'], ['a"b'], ['\udc80'], ['\udc81'], ['ü']];
    for (const components of names) {
      database.add({ nameType: 1, components, realm }, { random: true, enctypes: [17] });
    }
    for (const components of names) {
      expect(database.find(components, realm)?.principal.components).toEqual(components);
    }
    expect(database.find(['x'.repeat(100_000)], realm)).toBeUndefined();
    expect(() => database.add(named('x'.repeat(2000)), { random: true })).toThrow('The name is too long');
  });

  it('does all of a change or nothing of it', async () => {
    const database = await create();
    const failing = () =>
      database.change(() => {
        database.add(alice, { random: true });
        database.addRealm(realm, { maxLife: 7 });
        expect(database.find(['alice'], realm)).toBeDefined();
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(database.find(['alice'], realm)).toBeUndefined();
    expect(database.realm(realm)?.maxLife).toBe(36_000);
    database.add(named('bob'), { random: true });
    expect(database.find(['alice'], realm)).toBeUndefined();
  });

  it('is for its owner alone, and holds no key in the clear', async () => {
    const database = await create();
    database.add(alice, { password: 'secret' });
    const keys = database.exportKeytabEntries(alice).map(({ key }) => Buffer.from(key.keyvalue));
    const bytes = readFileSync(path);
    expect(keys).toHaveLength(4);
    for (const key of keys) {
      expect(bytes.includes(key)).toBe(false);
      expect(bytes.includes(key.toString('base64').slice(0, 16))).toBe(false);
    }
    if (process.platform === 'win32') return;
    for (const file of [path, `${path}-lock`, `${path}.stash`]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
  });
});

describe('the master key of a database', () => {
  it('may lie in a stash file elsewhere, which is taken as it is if there is one', async () => {
    const stash = join(folder, 'master');
    await create({ stash });
    const text = readFileSync(stash, 'utf8');
    path = join(folder, 'other.db');
    await create({ stash });
    expect(readFileSync(stash, 'utf8')).toBe(text);
    await expect(open()).resolves.toBeDefined();
  });

  it('may be in the OS keychain', async () => {
    const chain = memoryKeychain();
    const keychain = async () => chain;
    (await create({ inKeychain: true, keychain })).add(alice, { random: true });
    await opened.pop()!.close();
    expect((await open({ keychain })).find(['alice'], realm)).toBeDefined();
    await opened.pop()!.close();
    await expect(open({ keychain: async () => memoryKeychain() })).rejects.toMatchObject({
      code: 'DATABASE_KEY',
      message: 'The master key of the database is missing: the OS keychain does not have it',
    });
  });

  it('is told from another one', async () => {
    await create();
    await opened.pop()!.close();
    writeFileSync(`${path}.stash`, `krb5kit master key 1\n${Buffer.alloc(32).toString('base64')}\n`);
    await expect(open()).rejects.toMatchObject({
      code: 'DATABASE_KEY',
      message: `This is not the master key of the database ${path}`,
    });
    renameSync(`${path}.stash`, join(folder, 'elsewhere'));
    await expect(open()).rejects.toMatchObject({ code: 'DATABASE_KEY' });
  });

  it('opens no record in the place of another', async () => {
    const database = await create();
    database.add(alice, { random: true });
    database.add(named('bob'), { random: true });
    await opened.pop()!.close();
    const { openStoreFile } = await import('../../src/kdc/store/file.ts');
    const file = await openStoreFile(path);
    const key = (name: string) => `P${JSON.stringify([realm, name])}`;
    file.change(() => file.put(key('alice'), file.get(key('bob'))!));
    await file.close();
    const tampered = await open();
    expect(tampered.find(['bob'], realm)).toBeDefined();
    expect(() => tampered.find(['alice'], realm)).toThrow(`A record of ${path} is damaged`);
  });
});

describe('what is no database', () => {
  it('is not opened', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    writeFileSync(path, 'x'.repeat(20_000));
    await expect(open()).rejects.toMatchObject({ code: 'DATABASE_FORMAT' });
    writeFileSync(path, '');
    await expect(open()).rejects.toMatchObject({ code: 'DATABASE_FORMAT' });
    path = folder;
    await expect(open()).rejects.toMatchObject({ code: 'DATABASE_FORMAT' });
  });

  it('is not overwritten, nor is a database', async () => {
    await create();
    await expect(create()).rejects.toMatchObject({ code: 'DATABASE_EXISTS' });
    path = join(folder, 'notes');
    writeFileSync(path, 'x'.repeat(20_000));
    await expect(create()).rejects.toMatchObject({ code: 'DATABASE_FORMAT' });
    expect(readFileSync(path, 'utf8')).toBe('x'.repeat(20_000));
  });
});
