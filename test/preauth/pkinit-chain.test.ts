import { describe, expect, it } from 'vitest';
import { ChainError, verifyChain } from '../../src/preauth/pkinit/chain.ts';
import { cpuTime } from '../support/cpu-time.ts';
import { type CertificateWishes, type Certified, certify } from '../support/pki.ts';

const root = certify('Root', { ca: true });
const now = new Date();

function verify(leaf: Certified, anchors: readonly Certified[], ...between: readonly Certified[]): void {
  const raw = (list: readonly Certified[]) => list.map(({ certificate }) => certificate);
  verifyChain(leaf.certificate, { anchors: raw(anchors), intermediates: raw(between), now });
}

/** A chain of authorities below the root, the last one first. */
function authorities(count: number, wishes: CertificateWishes = {}): Certified[] {
  const list: Certified[] = [];
  for (let i = 0; i < count; i++) {
    list.unshift(certify(`Between ${i}`, { ca: true, issuer: list[0] ?? root, ...wishes }));
  }
  return list;
}

describe('a certificate is trusted', () => {
  it('that an anchor issued', () => {
    expect(() => verify(certify('leaf', { issuer: root }), [root])).not.toThrow();
  });

  it('that others stand for, in whatever order they come', () => {
    const between = authorities(3);
    const leaf = certify('leaf', { issuer: between[0] });
    expect(() => verify(leaf, [root], ...between)).not.toThrow();
    expect(() => verify(leaf, [root], ...between.toReversed())).not.toThrow();
  });

  it('that an anchor in the middle issued', () => {
    const [between] = authorities(1);
    expect(() => verify(certify('leaf', { issuer: between }), [between!])).not.toThrow();
  });

  it('that is an anchor of its own', () => {
    const own = certify('own');
    expect(() => verify(own, [own])).not.toThrow();
  });

  it('though another authority has the same name', () => {
    const twin = certify('Root', { ca: true });
    expect(() => verify(certify('leaf', { issuer: root }), [twin, root])).not.toThrow();
    expect(() => verify(certify('leaf', { issuer: twin }), [twin, root])).not.toThrow();
  });

  it.each(['rsa', 'ec', 'P-384', 'P-521'] as const)('with keys of kind %s', key => {
    const own = certify('Root', { ca: true, key });
    expect(() => verify(certify('leaf', { issuer: own, key }), [own])).not.toThrow();
  });

  it('within the length that an authority allows', () => {
    const allowing = certify('Allowing', { ca: true, issuer: root, pathLength: 1 });
    const between = certify('Between', { ca: true, issuer: allowing });
    expect(() => verify(certify('leaf', { issuer: between }), [root], allowing, between)).not.toThrow();
  });
});

describe('a certificate is not trusted', () => {
  const issued = (wishes: CertificateWishes = {}) => certify('leaf', { issuer: root, ...wishes });

  it.each([
    [
      'without an issuer',
      'unable to get local issuer certificate',
      () => verify(issued({ issuer: certify('Other', { ca: true }) }), [root]),
    ],
    ['without anchors', 'unable to get local issuer certificate', () => verify(issued(), [])],
    ['that issued itself', 'self-signed certificate', () => verify(certify('leaf'), [root])],
    ['that has expired', 'certificate has expired', () => verify(issued({ from: -3, to: -1 }), [root])],
    ['that is not yet valid', 'certificate is not yet valid', () => verify(issued({ from: 1 }), [root])],
    [
      'that has the name of the issuer alone',
      'certificate signature failure',
      () => verify(issued({ issuer: certify('Root', { ca: true }) }), [root]),
    ],
    [
      'with a critical extension nobody knows',
      'unhandled critical extension',
      () => verify(issued({ critical: '1.2.3' }), [root]),
    ],
    [
      'with constraints of names',
      'unhandled critical extension',
      () => verify(issued({ critical: '2.5.29.30' }), [root]),
    ],
    [
      'signed with SHA-1',
      'CA signature digest algorithm too weak',
      () => verify(issued({ digest: 'sha1' }), [root]),
    ],
    ['with a short key', 'CA certificate key too weak', () => verify(issued({ key: 'rsa-1024' }), [root])],
  ])('%s', (_, reason, work) => {
    expect(work).toThrow(new ChainError(reason, 0));
  });

  it.each([
    ['an authority that is none', 'invalid CA certificate', { ca: false }],
    ['an authority that does not say that it is one', 'invalid CA certificate', { ca: undefined }],
    ['an authority that has expired', 'certificate has expired', { from: -3, to: -1 }],
    ['an authority with a short key', 'CA certificate key too weak', { key: 'rsa-1024' as const }],
    ['an authority with a critical extension', 'unhandled critical extension', { critical: '1.2.3' }],
  ])('below %s', (_, reason, wishes) => {
    const [between] = authorities(1, wishes);
    const leaf = certify('leaf', { issuer: between });
    expect(() => verify(leaf, [root], between!)).toThrow(new ChainError(reason, 1));
  });

  it('below an authority that is no anchor', () => {
    expect(() => verify(issued(), [], root)).toThrow(new ChainError('self-signed certificate', 1));
  });

  it('below an anchor that has expired', () => {
    const old = certify('Old', { ca: true, from: -3, to: -1 });
    expect(() => verify(certify('leaf', { issuer: old }), [old])).toThrow('certificate has expired');
  });

  it('below more authorities than one of them allows', () => {
    const allowing = certify('Allowing', { ca: true, issuer: root, pathLength: 0 });
    const between = certify('Between', { ca: true, issuer: allowing });
    const leaf = certify('leaf', { issuer: between });
    expect(() => verify(leaf, [root], allowing, between)).toThrow('path length constraint exceeded');
  });

  it('below more authorities than anybody has', () => {
    const between = authorities(12);
    const leaf = certify('leaf', { issuer: between[0] });
    expect(() => verify(leaf, [root], ...between)).toThrow('certificate chain too long');
  });

  it('however many authorities of one name could have issued it, and soon', async () => {
    const twins = Array.from({ length: 12 }, () =>
      certify('Twin', { ca: true, issuer: certify('Twin', { ca: true }) }),
    );
    const leaf = certify('leaf', { issuer: certify('Twin', { ca: true }) });
    const took = await cpuTime(() => expect(() => verify(leaf, [root], ...twins)).toThrow(ChainError));
    expect(took).toBeLessThan(5000);
  });
});
