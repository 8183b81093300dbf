import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anonymousPrincipal } from '../../src/messages/anonymous.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { readCertificates } from '../../src/preauth/pkinit/files.ts';
import { loadFiles, loadIdentity, type PkinitSurroundings } from '../../src/preauth/pkinit/identity.ts';
import { loadPkinit } from '../../src/preauth/pkinit/sources.ts';
import { type Certified, certify } from '../support/pki.ts';

const alice = parsePrincipal('alice@A.TEST');
const authority = certify('CA', { ca: true, key: 'rsa' });
const between = certify('Between', { ca: true, issuer: authority, key: 'rsa' });
const own = certify('alice', { issuer: between, principals: [alice], key: 'rsa' });
const onCurve = certify('alice', { issuer: authority, principals: [alice] });

let dir: string;
let asked: string[];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
}

function surroundings(passphrase = 'secret', env: Record<string, string> = {}): PkinitSurroundings {
  asked = [];
  return {
    env,
    async readPassphrase(name) {
      asked.push(name);
      return passphrase;
    },
  };
}

const load = async (name: string, given = surroundings()) =>
  (await loadIdentity(name, { client: alice }, given)).identity;

function encrypted(key: KeyObject, type: 'pkcs8' | 'pkcs1' = 'pkcs8'): string {
  const options = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
  return key.export({ ...options, type }).toString();
}

describe('an identity is read from', () => {
  it.each([
    ['RSA', own],
    ['an elliptic curve', onCurve],
  ])('a certificate and a key in two files: %s', async (_, { pem, certificate }) => {
    const [file, key] = [write('a.pem', pem.certificate), write('a.key', pem.key)];
    for (const name of [`FILE:${file},${key}`, `${file},${key}`]) {
      const identity = await load(name);
      expect(identity.certificate.raw).toEqual(certificate.raw);
      expect(identity.chain).toEqual([]);
    }
    expect(asked).toEqual([]);
  });

  it('one file with both, and with the chain, whose root is not sent', async () => {
    const pems = [between, own, authority].map(({ pem }) => pem.certificate);
    const identity = await load(write('all.pem', [...pems, own.pem.key].join('')));
    expect(identity.certificate.raw).toEqual(own.certificate.raw);
    expect(identity.chain.map(({ raw }) => raw)).toEqual([between.certificate.raw]);
  });

  it.each(['pkcs8', 'pkcs1'] as const)('an encrypted key of the form %s', async type => {
    const [file, key] = [
      write('a.pem', own.pem.certificate),
      write('enc.key', encrypted(own.privateKey, type)),
    ];
    await expect(load(`FILE:${file},${key}`)).resolves.toBeDefined();
    expect(asked).toEqual([key]);
    await expect(load(`FILE:${file},${key}`, surroundings('wrong'))).rejects.toMatchObject({
      code: 'PKINIT_IDENTITY',
      message: `Pre-authentication failed: Cannot read key file '${key}': passphrase incorrect`,
    });
  });

  it('DER', async () => {
    const file = write('a.der', own.certificate.raw);
    const key = write('a.key.der', own.privateKey.export({ format: 'der', type: 'pkcs8' }));
    await expect(load(`FILE:${file},${key}`)).resolves.toBeDefined();
  });

  it.each(['3des', 'aes256'] as const)('PKCS#12, sealed with %s', async algorithm => {
    const file = write('a.p12', pkcs12(own, [between], 'secret', algorithm));
    const identity = await load(`PKCS12:${file}`);
    expect(identity.certificate.raw).toEqual(own.certificate.raw);
    expect(identity.chain.map(({ raw }) => raw)).toEqual([between.certificate.raw]);
    expect(identity.privateKey.equals(createPrivateKey(own.pem.key))).toBe(true);
    expect(asked).toEqual([file]);
    await expect(load(`PKCS12:${file}`, surroundings('wrong'))).rejects.toMatchObject({
      code: 'PKINIT_IDENTITY',
    });
  });

  it('a directory: the pair that names the client, or the only one', async () => {
    const folder = join(dir, 'pairs');
    mkdirSync(folder);
    const bob = certify('bob', { issuer: authority, principals: [parsePrincipal('bob@A.TEST')] });
    write('pairs/1.crt', bob.pem.certificate);
    write('pairs/1.key', bob.pem.key);
    expect((await load(`DIR:${folder}`)).certificate.raw).toEqual(bob.certificate.raw);
    write('pairs/2.crt', onCurve.pem.certificate);
    write('pairs/2.key', onCurve.pem.key);
    write('pairs/3.crt', own.pem.certificate);
    expect((await load(`DIR:${folder}`)).certificate.raw).toEqual(onCurve.certificate.raw);
    const client = parsePrincipal('carol@A.TEST');
    await expect(loadIdentity(`DIR:${folder}`, { client }, surroundings())).rejects.toThrow('exactly one');
  });

  it('a directory: the pair that the rules choose, and no other key is read', async () => {
    const folder = join(dir, 'chosen');
    mkdirSync(folder);
    for (const [name, { pem, privateKey }] of Object.entries({ 1: own, 2: authority })) {
      write(`chosen/${name}.crt`, pem.certificate);
      write(`chosen/${name}.key`, encrypted(privateKey));
    }
    write('chosen/3.crt', 'junk');
    write('chosen/3.key', 'junk');
    const wanted = { client: alice, matchRules: ['<SUBJECT>nobody', '<SUBJECT>CA'] };
    const { identity, identityName } = await loadIdentity(`DIR:${folder}`, wanted, surroundings());
    const [file, key] = [join(folder, '2.crt'), join(folder, '2.key')];
    expect(identity.certificate.raw).toEqual(authority.certificate.raw);
    expect(identityName).toBe(`FILE:${file},${key}`);
    expect(asked).toEqual([key]);
    const nobody = { client: alice, matchRules: ['<SUBJECT>nobody'] };
    for (const name of [`DIR:${folder}`, `FILE:${file},${key}`]) {
      await expect(loadIdentity(name, nobody, surroundings())).rejects.toThrow('No pkinit_cert_match');
    }
  });

  it('what a variable names', async () => {
    const file = write('both.pem', onCurve.pem.certificate + onCurve.pem.key);
    await expect(load('ENV:MY_CARD', surroundings('', { MY_CARD: `FILE:${file}` }))).resolves.toBeDefined();
    await expect(load('ENV:MY_CARD', surroundings('', { MY_CARD: 'ENV:MY_CARD' }))).rejects.toThrow(
      'Unsupported type',
    );
    await expect(load('ENV:MY_CARD')).rejects.toThrow('The environment variable MY_CARD is not set');
  });
});

describe('an identity cannot be read from', () => {
  it.each([
    [
      'nothing',
      'FILE:/nonexistent',
      "Cannot read certificate file '/nonexistent': No such file or directory",
    ],
    [
      'a directory that is not there',
      'DIR:/nonexistent',
      "Cannot open directory '/nonexistent': No such file or directory",
    ],
    ['a smart card', 'PKCS11:module', "smart cards are not supported yet: 'PKCS11:module'"],
    ['what nobody knows', 'BOGUS:x', "Unsupported type while processing 'BOGUS:x'"],
    [
      'a folder',
      `FILE:${tmpdir()}`,
      `Cannot read certificate file '${tmpdir()}': not a regular file, or too large`,
    ],
  ])('%s', async (_, name, message) => {
    await expect(load(name)).rejects.toMatchObject({
      code: 'PKINIT_IDENTITY',
      message: `Pre-authentication failed: ${message}`,
    });
  });

  it('junk', async () => {
    const junk = write('junk', 'junk');
    const certificate = write('a.pem', own.pem.certificate);
    await expect(load(junk)).rejects.toThrow('not a certificate');
    await expect(load(`FILE:${certificate},${junk}`)).rejects.toThrow('not a private key');
    await expect(load(`PKCS12:${junk}`)).rejects.toThrow('passphrase incorrect, or not PKCS12');
  });

  it('the key of another', async () => {
    const [file, key] = [write('a.pem', own.pem.certificate), write('b.key', authority.pem.key)];
    await expect(load(`FILE:${file},${key}`)).rejects.toThrow(
      `The key is not that of the certificate '${file}'`,
    );
  });
});

describe('anchors', () => {
  it('are the certificates of a file, or of all files of a directory', () => {
    const folder = join(dir, 'anchors');
    mkdirSync(folder);
    write('anchors/two.pem', authority.pem.certificate + between.pem.certificate);
    write('anchors/key.pem', authority.pem.key);
    write('anchors/list.crl', 'junk');
    expect(loadFiles(`FILE:${join(folder, 'two.pem')}`, readCertificates, surroundings())).toHaveLength(2);
    expect(loadFiles(`DIR:${folder}`, readCertificates, surroundings())).toHaveLength(2);
  });

  it('have to be there, also for an anonymous client, which needs no identity', async () => {
    const sources = {
      identities: [],
      anchors: [],
      pool: [],
      revoked: [],
      requireCrlChecking: false,
      ...surroundings(),
    };
    const anonymous = anonymousPrincipal('A.TEST');
    await expect(loadPkinit(anonymous, sources)).rejects.toThrow('No pkinit_anchors supplied');
    const anchors = [`FILE:${write('ca.pem', authority.pem.certificate)}`];
    const material = await loadPkinit(anonymous, { ...sources, anchors });
    expect(material.identity).toBeUndefined();
    expect(material.anchors).toHaveLength(1);
  });
});

it('the first of several identities that can be read is taken', async () => {
  const file = write('both.pem', onCurve.pem.certificate + onCurve.pem.key);
  const anchors = [`FILE:${write('ca.pem', authority.pem.certificate)}`];
  const sources = {
    identities: ['FILE:/nonexistent', file],
    anchors,
    pool: [],
    revoked: [],
    requireCrlChecking: false,
    ...surroundings(),
  };
  expect((await loadPkinit(alice, sources)).identityName).toBe(`FILE:${file},${file}`);
  const second = write('second.pem', own.pem.certificate + own.pem.key);
  const choosy = { ...sources, identities: [file, second], matchRules: ['<ISSUER>Between'] };
  expect((await loadPkinit(alice, choosy)).identityName).toBe(`FILE:${second},${second}`);
  await expect(loadPkinit(alice, { ...sources, identities: ['FILE:/nonexistent'] })).rejects.toThrow(
    '/nonexistent',
  );
});

function pkcs12(
  { pem }: Certified,
  others: readonly Certified[],
  passphrase: string,
  algorithm: '3des' | 'aes256',
): Uint8Array {
  const chain = [pem, ...others.map(other => other.pem)].map(({ certificate }) =>
    forge.pki.certificateFromPem(certificate),
  );
  const key = forge.pki.privateKeyFromPem(pem.key);
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, chain, passphrase, { algorithm });
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1');
}
