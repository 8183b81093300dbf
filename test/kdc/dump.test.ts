import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decrypt, importKey } from '../../src/crypto/key.ts';
import { stringToKey } from '../../src/crypto/string-to-key.ts';
import { KerberosError } from '../../src/errors.ts';
import type { PrincipalEntry } from '../../src/kdc/database.ts';
import { decryptDes3 } from '../../src/kdc/dump/des3.ts';
import { readHeimdalDump } from '../../src/kdc/dump/heimdal.ts';
import { type ForeignMasterKey, masterKeyOfPassword } from '../../src/kdc/dump/master.ts';
import { formatMitDump } from '../../src/kdc/dump/mit.ts';
import { MIT_HEADER } from '../../src/kdc/dump/mit-line.ts';
import { isMitDump, readMitDump } from '../../src/kdc/dump/mit-read.ts';
import { saltOf } from '../../src/kdc/key-version.ts';
import { createDatabase } from '../../src/kdc/memory-database.ts';
import { DEFAULT_REALM_POLICY } from '../../src/kdc/policy.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/kdc-dumps.json'), 'utf8'));
const mitKey = importKey(vectors.mit.masterEtype, Buffer.from(vectors.mit.masterKey, 'hex'));
const mitMaster: ForeignMasterKey = { kvno: 1, decrypt: (usage, bytes) => decrypt(mitKey, usage, bytes) };
const heimdalKey = Buffer.from(vectors.heimdal.masterKey, 'hex');
const heimdalMaster: ForeignMasterKey = {
  kvno: 1,
  decrypt: (usage, bytes) => decryptDes3(heimdalKey, usage, bytes),
};

const mitDump = (...lines: readonly string[]) => Buffer.from([MIT_HEADER, ...lines, ''].join('\n'));

/** Enctypes whose key is the one that the password makes. */
function madeBy(password: string, { keys: [newest] }: PrincipalEntry): number[] {
  return newest!
    .rows()
    .filter(({ etype, bytes }) => {
      const made = stringToKey(etype, password, saltOf(etype, newest!.origin!));
      return Buffer.from(made.bytes).equals(bytes);
    })
    .map(({ etype }) => etype);
}

describe('a dump of MIT', () => {
  it('is opened by its master key', () => {
    const bytes = mitDump(vectors.mit.alice);
    expect(isMitDump(bytes)).toBe(true);
    const [alice] = readMitDump(bytes, [mitMaster]).entries as [PrincipalEntry];
    expect(alice.principal).toEqual(parsePrincipal('alice@A.TEST'));
    expect(madeBy('alicepw', alice)).toEqual([18, 17, 20, 19]);
    expect(alice.policy).toMatchObject({
      requiresPreauth: true,
      maxLife: 36_000,
      maxRenewableLife: 2_592_000,
    });
  });

  it('is not opened by another, or none', () => {
    const bytes = mitDump(vectors.mit.alice);
    const other = masterKeyOfPassword('masterpw', 'A.TEST');
    for (const masters of [[], [other]]) {
      expect(() => readMitDump(bytes, masters)).toThrow(expect.objectContaining({ code: 'DATABASE_KEY' }));
    }
  });

  it("that is ours has no principal in place of MIT's master key", () => {
    const database = createDatabase();
    const realm = 'B.TEST';
    database.addRealm(realm);
    const entries = ['alice', 'K/M'].map(name =>
      database.add(parsePrincipal(name, { defaultRealm: realm }), { random: true }),
    );
    const master = masterKeyOfPassword('masterpw', realm);
    const options = { realm, policy: DEFAULT_REALM_POLICY, master, now: new Date(0) };
    const { bytes, count, remarks } = formatMitDump(entries, options);
    expect(
      Buffer.from(bytes)
        .toString('latin1')
        .match(/\tK\/M@/g),
    ).toHaveLength(1);
    expect(readMitDump(bytes, [master]).entries.map(({ principal }) => principal)).toEqual([
      entries[0]!.principal,
    ]);
    expect([count, remarks]).toEqual([1, ["K/M@B.TEST is left out, as MIT's master key has that name"]]);
  });

  it('that is ours reads back as it was, whatever the name', () => {
    const database = createDatabase();
    const realm = 'B.TEST';
    database.addRealm(realm);
    const names = [['tab\there'], ['a/b', 'c'], ['new\nline'], ['ü'], ['\udc80'], ['back\\slash@at']];
    const entries = names.map(components =>
      database.add({ nameType: 1, components, realm }, { password: 'x', salt: 'odd \udc80 salt' }),
    );
    const master = masterKeyOfPassword('masterpw', realm);
    const { bytes } = formatMitDump(entries, {
      realm,
      policy: DEFAULT_REALM_POLICY,
      master,
      now: new Date(0),
    });
    const read = readMitDump(bytes, [master]).entries;
    expect(read.map(({ principal }) => principal.components)).toEqual(names);
    for (const [i, { keys }] of read.entries()) {
      expect(keys.map(version => version.rows())).toEqual(entries[i]!.keys.map(version => version.rows()));
      expect(keys[0]!.origin?.salt).toBe('odd \udc80 salt');
    }
  });
});

describe('a dump of Heimdal', () => {
  const read = (line: string, masters: readonly ForeignMasterKey[] = []) =>
    readHeimdalDump(Buffer.from(`${line}\n`), masters).entries[0]!;

  it('is opened by its master key, and has aliases and a salt for each key', () => {
    const alice = read(vectors.heimdal.sealedAlice, [heimdalMaster]);
    expect(madeBy('alicepw', alice)).toEqual([18, 17, 20, 19, 23]);
    expect(alice.policy).toMatchObject({ aliases: ['alias'], requiresPreauth: true, maxLife: 86_400 });
  });

  it('may have its keys in the clear, and earlier ones among them', () => {
    expect(madeBy('alicepw', read(vectors.heimdal.plainAlice))).toEqual([18, 23]);
    const { keys } = read(vectors.heimdal.plainHost);
    expect(keys.map(({ kvno, etypes }) => ({ kvno, etypes }))).toEqual([
      { kvno: 2, etypes: [18, 23] },
      { kvno: 1, etypes: [18, 23] },
    ]);
  });
});

describe('what a dump asks of clients', () => {
  const REQUIRES_HARDWARE = 0x100;
  const mitLine = (attributes: number) => vectors.mit.alice.replace('\t128\t', `\t${attributes}\t`);
  const heimdalLine = (flags: number) => vectors.heimdal.plainAlice.replace(' 126 ', ` ${flags} `);

  it('goes to MIT and comes back: which indicators tickets have to have', () => {
    const realm = 'B.TEST';
    const database = createDatabase();
    database.addRealm(realm);
    const policy = { requiresIndicators: ['pkinit', 'otp'], sessionEnctypes: [18] };
    const entries = [database.add(parsePrincipal(`host/a@${realm}`), { random: true }, policy)];
    const master = masterKeyOfPassword('masterpw', realm);
    const made = { realm, policy: DEFAULT_REALM_POLICY, master, now: new Date(0) };
    const { bytes } = formatMitDump(entries, made);
    expect(Buffer.from(bytes).includes(Buffer.from('require_auth\0pkinit otp\0').toString('hex'))).toBe(true);
    expect(readMitDump(bytes, [master]).entries[0]!.policy).toMatchObject(policy);
  });

  it('is no pre-authentication by clients of services, unless they ask for it', () => {
    const realm = 'B.TEST';
    const database = createDatabase();
    database.addRealm(realm);
    const entries = [
      database.add(parsePrincipal(`user@${realm}`), { password: 'x' }),
      database.add(parsePrincipal(`host/a@${realm}`), { random: true }),
      database.add(parsePrincipal(`host/b@${realm}`), { random: true }, { requiresPreauth: true }),
    ];
    const master = masterKeyOfPassword('masterpw', realm);
    const made = { realm, policy: DEFAULT_REALM_POLICY, master, now: new Date(0) };
    const read = readMitDump(formatMitDump(entries, made).bytes, [master]).entries;
    expect(read.map(({ policy }) => policy.requiresPreauth)).toEqual([true, false, true]);
  });

  it('is the latest end that MIT knows where ours is later', () => {
    const realm = 'B.TEST';
    const database = createDatabase();
    database.addRealm(realm);
    const ends = { expiration: new Date('2110-01-01'), passwordExpiration: new Date('9999-12-31') };
    const entries = [database.add(parsePrincipal(`a@${realm}`), { random: true }, ends)];
    const master = masterKeyOfPassword('masterpw', realm);
    const { bytes } = formatMitDump(entries, {
      realm,
      policy: DEFAULT_REALM_POLICY,
      master,
      now: new Date(0),
    });
    const latest = new Date(0xffffffff * 1000);
    expect(readMitDump(bytes, [master]).entries[0]!.policy).toMatchObject({
      expiration: latest,
      passwordExpiration: latest,
    });
  });

  it('is not to be had for less: hardware', () => {
    const mit = readMitDump(mitDump(mitLine(0x80 | REQUIRES_HARDWARE)), [mitMaster]);
    const heimdal = readHeimdalDump(Buffer.from(`${heimdalLine(126 | (1 << 10))}\n`), []);
    for (const { entries, remarks } of [mit, heimdal]) {
      expect(entries[0]!.policy.locked).toBe(true);
      expect(remarks).toEqual([expect.stringMatching(/^alice@\w\.TEST is locked/)]);
    }
  });

  it('is not to be had for less: the password, instead of a ticket-granting ticket', () => {
    const { entries } = readHeimdalDump(Buffer.from(`${heimdalLine(127)}\n`), []);
    expect(entries[0]!.policy.disallowTgsBased).toBe(true);
  });
});

describe('a dump that is damaged', () => {
  const lines: readonly string[] = [
    vectors.mit.alice,
    vectors.heimdal.sealedAlice,
    vectors.heimdal.plainHost,
  ];
  const damaged = fc
    .record({ line: fc.constantFrom(...lines), at: fc.nat(1500), cut: fc.nat(20), put: fc.string() })
    .map(({ line, at, cut, put }) => line.slice(0, at) + put + line.slice(at + cut));

  it('gives KerberosError and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string()), line => {
        for (const read of [
          () => readMitDump(mitDump(line), [mitMaster]),
          () => readHeimdalDump(Buffer.from(line), [heimdalMaster]),
        ]) {
          try {
            read();
          } catch (error) {
            expect(error).toBeInstanceOf(KerberosError);
          }
        }
      }),
      { numRuns: 1500 },
    );
  });
});
