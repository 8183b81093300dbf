import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KdcPkinitOptions } from '../../src/kdc/preauth/pkinit.ts';
import { type Certified, certify, certifyClient, certifyKdc, storeIdentity } from './pki.ts';

/** A realm's certificates for PKINIT, in files; a place is `FILE:` and one file name or two. */
export interface Pki {
  readonly dir: string;
  readonly authority: Certified;
  /** The place of the authority's certificate. */
  readonly anchors: string;
  readonly kdcCertificate: Certified;
  /** The place of the KDC's certificate and key. */
  readonly kdc: string;
  readonly alice: Certified;
  /** The place of alice's certificate and key. */
  readonly identity: string;
  /** The same on P-256. */
  readonly ecIdentity: string;
  /** The settings of our own KDC. */
  readonly options: KdcPkinitOptions;
  /** Lines for the KDC's realm, and for its clients' [libdefaults], in MIT's files. */
  readonly kdcLines: readonly string[];
  readonly clientLines: readonly string[];
  /** Writes one more file there; its path. */
  file(name: string, text: string): string;
  remove(): void;
}

/** Issues what the realm needs for PKINIT; RSA, which all KDCs take. */
export function createPki(realm: string): Pki {
  const dir = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const authority = certify('Lab CA', { ca: true, key: 'rsa' });
  const kdcCertificate = certifyKdc(realm, { issuer: authority });
  const wishes = { issuer: authority, upn: `alice@${realm}` };
  const alice = certifyClient(`alice@${realm}`, { ...wishes, key: 'rsa' });
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const anchors = `FILE:${file('ca.pem', authority.pem.certificate)}`;
  const kdc = storeIdentity(dir, 'kdc', kdcCertificate);
  return {
    dir,
    authority,
    anchors,
    kdcCertificate,
    kdc,
    alice,
    identity: storeIdentity(dir, 'alice', alice),
    ecIdentity: storeIdentity(dir, 'alice-ec', certifyClient(`alice@${realm}`, wishes)),
    options: { identity: { ...kdcCertificate, chain: [] }, anchors: [authority.certificate] },
    kdcLines: [`pkinit_identity = ${kdc}`, `pkinit_anchors = ${anchors}`],
    clientLines: [`pkinit_anchors = ${anchors}`],
    file,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
