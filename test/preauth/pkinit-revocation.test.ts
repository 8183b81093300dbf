import { createPrivateKey, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { textToBytes } from '../../src/codec/text.ts';
import { CodecError } from '../../src/errors.ts';
import { CertificateList, TbsCertList } from '../../src/messages/cms-crl.ts';
import { inspectCertificate } from '../../src/preauth/pkinit-certificate.ts';
import { verifyChain } from '../../src/preauth/pkinit-chain.ts';
import { readRevocationList } from '../../src/preauth/pkinit-revocation.ts';
import { type Certified, certify } from '../support/pki.ts';

const root = certify('Root', { ca: true });
const between = certify('Between', { ca: true, issuer: root });
const leaf = certify('leaf', { issuer: between });
const ECDSA = { algorithm: '1.2.840.10045.4.3.2' };
const DAY = 86_400_000;

function time(days: number): Uint8Array {
  const text = new Date(Date.now() + days * DAY).toISOString().replace(/\..*|[-T:]/g, '');
  return textToBytes(`\x17\x0d${text.slice(2)}Z`);
}

interface Wishes {
  readonly revoked?: readonly Certified[];
  readonly signer?: Certified;
  readonly until?: number;
}

function list(issuer: Certified, { revoked = [], signer = issuer, until = 1 }: Wishes = {}) {
  const tbsCertList = TbsCertList.encode({
    version: 1,
    signature: ECDSA,
    issuer: inspectCertificate(issuer.certificate).subject,
    thisUpdate: time(-2),
    nextUpdate: time(until),
    revokedCertificates:
      revoked.length === 0
        ? undefined
        : revoked.map(({ certificate }) => ({
            userCertificate: inspectCertificate(certificate).serialNumber,
            revocationDate: time(-1),
          })),
  });
  const signature = sign('sha256', tbsCertList, createPrivateKey(signer.pem.key));
  return readRevocationList(CertificateList.encode({ tbsCertList, signatureAlgorithm: ECDSA, signature }));
}

function verify(lists: readonly ReturnType<typeof list>[], required = false): void {
  verifyChain(leaf.certificate, {
    anchors: [root.certificate],
    intermediates: [between.certificate],
    now: new Date(),
    revocation: { lists, required },
  });
}

describe('a list of revoked certificates', () => {
  it('that names none leaves all', () => {
    expect(() => verify([list(root), list(between)], true)).not.toThrow();
  });

  it.each([
    ['the certificate', () => [list(between, { revoked: [leaf] })]],
    ['the authority', () => [list(between), list(root, { revoked: [between] })]],
    ['the certificate, though it is out of date', () => [list(between, { revoked: [leaf], until: -1 })]],
  ])('ends %s', (_, lists) => {
    expect(() => verify(lists())).toThrow('certificate revoked');
  });

  it.each([
    ['of another authority', () => list(root, { revoked: [leaf] })],
    ['that another signed', () => list(between, { revoked: [leaf], signer: root })],
  ])('counts for nothing %s', (_, make) => {
    expect(() => verify([make()])).not.toThrow();
    expect(() => verify([make()], true)).toThrow('unable to get certificate CRL');
  });

  it('has to be there for each authority, and up to date, where that is required', () => {
    expect(() => verify([], true)).toThrow('unable to get certificate CRL');
    expect(() => verify([list(between)], true)).toThrow('unable to get certificate CRL');
    expect(() => verify([list(root), list(between, { until: -1 })], true)).toThrow('CRL has expired');
    expect(() => verify([list(root), list(between, { until: -1 })])).not.toThrow();
  });

  it('is nothing else', () => {
    for (const junk of [new Uint8Array(0), Uint8Array.of(48, 0), leaf.certificate.raw]) {
      expect(() => readRevocationList(junk)).toThrow(CodecError);
    }
  });
});
