import { describe, expect, it } from 'vitest';
import { isAnonymous } from '../../src/messages/anonymous.ts';
import { ANONYMOUS } from '../../src/messages/flags.ts';
import { tgsPrincipal } from '../../src/messages/principal.ts';
import { type Certified, CLIENT_PURPOSE, certify } from '../support/pki.ts';
import {
  alice,
  alicesCertificate,
  anonymous,
  authority,
  identityOf,
  login,
  REALM,
} from './pkinit-support.ts';

const GROUPS = ['2048', 'P-256', '4096', 'P-384', 'P-521'] as const;

describe('PKINIT', () => {
  it.each(GROUPS)('agrees on a key in the group %s', async minGroup => {
    const lines: string[] = [];
    const { credential, padataType } = await login({
      material: { minGroup },
      trace: line => lines.push(line),
    });
    expect(credential).toMatchObject({ client: alice, server: tgsPrincipal(REALM) });
    expect(padataType).toBe(16);
    expect(lines).toContain(`PKINIT client making DH request with group ${minGroup}`);
    expect(lines).toContain('PKINIT client used KDF 1.3.6.1.5.2.3.6.2 to compute reply key');
  });

  it('takes a stronger group where the KDC wants one', async () => {
    const lines: string[] = [];
    await login({ kdc: { minGroup: 'P-384' }, trace: line => lines.push(line) });
    expect(lines).toContain('PKINIT client trying again with KDC-provided parameters: P-384');
  });

  it.each(['ec', 'P-384', 'P-521', 'rsa'] as const)('signs with a key of kind %s', async key => {
    const own = certify('alice', { issuer: authority, principals: [alice], purposes: [CLIENT_PURPOSE], key });
    await expect(login({ material: { identity: identityOf(own) } })).resolves.toBeDefined();
  });

  it("sends the certificates that lead to the KDC's anchors", async () => {
    const between = certify('Users CA', { issuer: authority, ca: true });
    const own = certify('alice', { issuer: between, principals: [alice], purposes: [CLIENT_PURPOSE] });
    const identity = { ...identityOf(own), chain: [between.certificate] };
    await expect(login({ material: { identity } })).resolves.toBeDefined();
    await expect(login({ material: { identity: identityOf(own) } })).rejects.toMatchObject({ errorCode: 70 });
  });

  it("notes in MIT's words which identity it was", async () => {
    const { notes } = await login({ material: { identityName: 'FILE:a.pem,a.key' } });
    expect([...notes]).toEqual([
      ['pa_type', '16'],
      ['pa_config_data', '{"X509_user_identity":"FILE:a.pem,a.key"}'],
    ]);
  });

  it('proves by a freshness token that it has its key now', async () => {
    const kdc = { requireFreshness: true };
    await expect(login({ kdc })).resolves.toBeDefined();
    await expect(login({ kdc, material: { disableFreshness: true } })).rejects.toMatchObject({
      errorCode: 24,
    });
  });
});

describe('anonymous PKINIT', () => {
  it('gets a ticket for nobody', async () => {
    const { credential } = await login({ client: anonymous });
    expect(isAnonymous(credential.client)).toBe(true);
    expect(credential.client.realm).toBe('WELLKNOWN:ANONYMOUS');
    expect(credential.flags & ANONYMOUS).not.toBe(0);
  });

  it('checks who the KDC is nevertheless', async () => {
    const other = certify('Other CA', { ca: true });
    await expect(
      login({ client: anonymous, material: { anchors: [other.certificate] } }),
    ).rejects.toMatchObject({ code: 'KDC_NOT_TRUSTED' });
  });

  it('is refused where the KDC made the session key alone', async () => {
    await expect(
      login({ client: anonymous, proof: ({ makeSession: _, ...proof }) => proof }),
    ).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('is not for a client that has a name', async () => {
    await expect(login({ material: { identity: undefined } })).rejects.toMatchObject({ errorCode: 24 });
  });
});

describe('a KDC refuses a certificate', () => {
  const issued = (wishes: Parameters<typeof certify>[1]): Certified =>
    certify('alice', { issuer: authority, principals: [alice], purposes: [CLIENT_PURPOSE], ...wishes });

  it.each([
    ['of another authority', 70, () => issued({ issuer: certify('Other CA', { ca: true }) })],
    ['that issued itself', 70, () => issued({ issuer: undefined })],
    ['that has expired', 70, () => issued({ from: -9, to: -1 })],
    ['that another client issued', 70, () => issued({ issuer: alicesCertificate })],
    ['for another name', 75, () => issued({ principals: [tgsPrincipal(REALM)] })],
    ['for another purpose', 77, () => issued({ purposes: ['1.3.6.1.5.5.7.3.1'] })],
    ['that may not sign', 77, () => issued({ keyUsage: 0x08000000 })],
    ['with the name that Microsoft gives', 75, () => issued({ principals: [], upn: 'alice@a.test' })],
  ])('%s', async (_, errorCode, make) => {
    const identity = identityOf(make());
    await expect(login({ material: { identity } })).rejects.toMatchObject({ errorCode });
  });

  it('whose key is not the one that signed', async () => {
    const identity = { ...identityOf(alicesCertificate), privateKey: issued({}).privateKey };
    await expect(login({ material: { identity } })).rejects.toMatchObject({ errorCode: 64 });
  });

  it('unless it is told to go by the name that Microsoft gives', async () => {
    const identity = identityOf(issued({ principals: [], upn: 'alice@a.test' }));
    await expect(login({ material: { identity }, kdc: { allowUpn: true } })).resolves.toBeDefined();
  });
});
