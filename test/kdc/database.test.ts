import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../src/codec/text.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { stringToKey } from '../../src/crypto/string-to-key.ts';
import { KeyVersion, OpenKeys } from '../../src/kdc/key-version.ts';
import { createDatabase } from '../../src/kdc/memory-database.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

const alice = parsePrincipal('alice@LAB.TEST');

function database(options = {}) {
  const made = createDatabase(options);
  made.addRealm('LAB.TEST');
  return made;
}

describe('a database', () => {
  it('makes keys of a password with the default salt', () => {
    const { keys } = database().add(alice, { password: 'secret' });
    expect(keys[0]).toMatchObject({ kvno: 1, etypes: [18, 17, 20, 19], origin: { salt: 'LAB.TESTalice' } });
    for (const etype of [18, 17, 20, 19]) {
      expect(keys[0]!.key(etype)!.bytes).toEqual(stringToKey(etype, 'secret', 'LAB.TESTalice').bytes);
    }
  });

  it('makes keys with a salt, a count of rounds and enctypes of their own', () => {
    const source = { password: 'secret', enctypes: [23, 18], salt: 'sea', iterations: 5000 };
    const { keys } = database().add(alice, source, { kvno: 7 });
    expect(keys[0]).toMatchObject({ kvno: 7, etypes: [23, 18] });
    expect(keys[0]!.key(18)!.bytes).toEqual(
      stringToKey(18, 'secret', 'sea', Uint8Array.of(0, 0, 0x13, 0x88)).bytes,
    );
    expect(keys[0]!.key(23)!.bytes).toEqual(stringToKey(23, 'secret', 'sea').bytes);
  });

  it('says at once what is wrong with a password source, and makes no key before it is asked for', () => {
    const made = database();
    const refused = (source: object) => () => made.add(alice, { password: 'secret', ...source });
    expect(refused({ enctypes: [18, 99] })).toThrow(expect.objectContaining({ code: 'ENCTYPE_UNSUPPORTED' }));
    expect(refused({ iterations: 1 })).toThrow(expect.objectContaining({ code: 'S2K_PARAMS' }));
    // Of a million rounds each takes a second.
    const begun = performance.now();
    for (let i = 0; i < 20; i++) made.add(alice, { password: 'secret', iterations: 1 << 20 });
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('makes random keys of the enctypes it is told, and keeps given ones', () => {
    const made = database({ enctypes: [25, 26] });
    expect(made.add(alice, { random: true }).keys[0]!.etypes).toEqual([25, 26]);
    const key = randomKey(17);
    expect(made.add(alice, { keys: [key] }).keys[0]!.key(17)!.bytes).toEqual(key.bytes);
  });

  it('finds a principal by all of its name', () => {
    const made = database();
    made.add(parsePrincipal('host/a@LAB.TEST'), { random: true });
    expect(made.find(['host', 'a'], 'LAB.TEST')?.principal.components).toEqual(['host', 'a']);
    for (const components of [['host/a'], ['host'], ['a'], ['host', 'a', ''], ['host\0a'], []]) {
      expect(made.find(components, 'LAB.TEST')).toBeUndefined();
    }
    expect(made.find(['host', 'a'], 'OTHER')).toBeUndefined();
  });

  it('has the ticket-granting service of each of its realms', () => {
    const made = database();
    made.addRealm('B.TEST', { maxLife: 60 });
    expect(made.find(['krbtgt', 'B.TEST'], 'B.TEST')).toBeDefined();
    expect(made.realm('B.TEST')).toEqual({ maxLife: 60, maxRenewableLife: 604_800, requiresPreauth: true });
    expect(made.realm('C.TEST')).toBeUndefined();
  });

  it('keeps the principals of a realm whose policy changes', () => {
    const made = database();
    const before = made.find(['krbtgt', 'LAB.TEST'], 'LAB.TEST');
    made.addRealm('LAB.TEST', { requiresPreauth: false });
    expect(made.find(['krbtgt', 'LAB.TEST'], 'LAB.TEST')).toBe(before);
    expect(made.realm('LAB.TEST')?.requiresPreauth).toBe(false);
    made.addRealm('LAB.TEST', { requiresPreauth: undefined, maxLife: undefined } as object);
    expect(made.realm('LAB.TEST')).toEqual({
      maxLife: 36_000,
      maxRenewableLife: 604_800,
      requiresPreauth: true,
    });
  });

  it('takes no principal of another realm, and none without keys', () => {
    expect(() => database().add(parsePrincipal('x@OTHER'), { random: true })).toThrow(TypeError);
    expect(() => database().add(alice, { keys: [] })).toThrow(TypeError);
    expect(() => database().addKeys(alice, { random: true })).toThrow(TypeError);
  });

  it('removes a principal', () => {
    const made = database();
    made.add(alice, { random: true });
    expect(made.remove(alice)).toBe(true);
    expect(made.remove(alice)).toBe(false);
    expect(made.find(['alice'], 'LAB.TEST')).toBeUndefined();
  });

  it('gives no name or alias to two', () => {
    const made = database();
    const named = (name: string) => parsePrincipal(`${name}@LAB.TEST`);
    made.add(alice, { random: true }, { aliases: ['al'] });
    const taken = expect.objectContaining({ code: 'PRINCIPAL_EXISTS' });
    expect(() => made.add(named('al'), { random: true })).toThrow(taken);
    for (const alias of ['al', 'alice']) {
      expect(() => made.add(named('bob'), { random: true }, { aliases: [alias] })).toThrow(taken);
    }
    expect(made.find(['bob'], 'LAB.TEST')).toBeUndefined();
    expect(made.update(alice, { aliases: ['al', 'ally'] }).policy.aliases).toEqual(['al', 'ally']);
    made.update(alice, { aliases: [] });
    expect(made.add(named('al'), { random: true }).principal).toEqual(named('al'));
  });

  it('gives all keys of a principal to a keytab', () => {
    const made = database({ enctypes: [18, 17] });
    made.add(alice, { random: true });
    const { keys } = made.addKeys(alice, { random: true });
    const timestamp = new Date(0);
    expect(made.exportKeytabEntries(alice, timestamp)).toEqual(
      keys.flatMap(version =>
        version.etypes.map(etype => ({
          principal: alice,
          timestamp,
          kvno: version.kvno,
          key: { keytype: etype, keyvalue: new Uint8Array(version.key(etype)!.bytes) },
        })),
      ),
    );
    expect(keys.map(({ kvno }) => kvno)).toEqual([2, 1]);
    expect(made.exportKeytabEntries(parsePrincipal('nobody@LAB.TEST'))).toEqual([]);
  });
});

describe('the keys of a principal', () => {
  it('are made once, each when it is first asked for', () => {
    const asked: number[] = [];
    const make = (etype: number) => {
      asked.push(etype);
      return randomKey(etype);
    };
    const keys = [18, 17, 20].map(etype => ({ etype, make: () => make(etype) }));
    const version = new KeyVersion(1, [...keys, randomKey(19)], new OpenKeys());
    expect(version.etypes).toEqual([18, 17, 20, 19]);
    expect(asked).toEqual([]);
    const key = version.key(17)!;
    expect(version.key(17)).toBe(key);
    expect(asked).toEqual([17]);
    version.close();
    expect(version.key(17)!.bytes).toEqual(key.bytes);
    expect(version.rows().map(({ bytes }) => bytes.length)).toEqual([32, 16, 32, 16]);
    expect(version.rows()[1]!.bytes).toEqual(new Uint8Array(key.bytes));
    expect(asked).toEqual([17, 18, 20]);
  });

  it('are the same after others have taken their room', () => {
    const pool = new OpenKeys();
    const version = new KeyVersion(1, [randomKey(17), randomKey(18)], pool);
    const first = version.key(18)!;
    expect(version.key(18)).toBe(first);
    for (let i = 0; i < 5000; i++) new KeyVersion(1, [first], pool).key(18);
    expect(version.key(18)).not.toBe(first);
    expect(bytesToHex(version.key(18)!.bytes)).toBe(bytesToHex(first.bytes));
    expect(version.key(19)).toBeUndefined();
  });
});
