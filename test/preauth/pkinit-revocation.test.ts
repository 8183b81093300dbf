import { describe, expect, it } from 'vitest';
import { CodecError } from '../../src/errors.ts';
import { verifyChain } from '../../src/preauth/pkinit/chain.ts';
import { readRevocationList } from '../../src/preauth/pkinit/revocation.ts';
import { certify } from '../support/pki.ts';
import { revocationList as list } from '../support/revocation-list.ts';

const root = certify('Root', { ca: true });
const between = certify('Between', { ca: true, issuer: root });
const leaf = certify('leaf', { issuer: between });
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
