import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIGITAL_SIGNATURE } from '../../../src/messages/cms-certificate.ts';
import { parsePrincipal, tgsPrincipal } from '../../../src/messages/principal.ts';
import { type Certified, CLIENT_PURPOSE, certify, KDC_PURPOSE } from '../../support/pki.ts';

/** A realm's certificates; a place is `FILE:` and one file name or two. */
export interface Pki {
  /** Of the authority above all others. */
  readonly anchors: string;
  /** The KDC's certificate and key. */
  readonly kdc: string;
  readonly authority: Certified;
  readonly kdcCertificate: Certified;
  /** alice's certificate and key. */
  readonly identity: string;
  /** The same on P-256. */
  readonly ecIdentity: string;
  /** Writes one more file there; its path. */
  file(name: string, text: string): string;
  remove(): void;
}

/** Issues what the realm needs for PKINIT; RSA, which all KDCs take. */
export function createPki(realm: string): Pki {
  const dir = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const authority = certify('Lab CA', { ca: true, key: 'rsa' });
  const common = { issuer: authority, key: 'rsa', keyUsage: DIGITAL_SIGNATURE } as const;
  const kdcCertificate = certify('KDC', {
    ...common,
    principals: [tgsPrincipal(realm)],
    purposes: [KDC_PURPOSE],
  });
  const alice = {
    ...common,
    principals: [parsePrincipal(`alice@${realm}`)],
    upn: `alice@${realm}`,
    purposes: [CLIENT_PURPOSE],
  };
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const both = (name: string, { pem }: Certified): string =>
    `FILE:${file(`${name}.pem`, pem.certificate)},${file(`${name}.key`, pem.key)}`;
  return {
    anchors: `FILE:${file('ca.pem', authority.pem.certificate)}`,
    kdc: both('kdc', kdcCertificate),
    authority,
    kdcCertificate,
    identity: both('alice', certify('alice', alice)),
    ecIdentity: both('alice-ec', certify('alice', { ...alice, key: 'ec' })),
    file,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
