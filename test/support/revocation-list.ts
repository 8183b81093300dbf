import { createPrivateKey, sign } from 'node:crypto';
import { textToBytes } from '../../src/codec/text.ts';
import { CertificateList, TbsCertList } from '../../src/messages/cms-crl.ts';
import { inspectCertificate } from '../../src/preauth/pkinit/certificate.ts';
import { type RevocationList, readRevocationList } from '../../src/preauth/pkinit/revocation.ts';
import type { Certified } from './pki.ts';

const ECDSA = { algorithm: '1.2.840.10045.4.3.2' };
const DAY = 86_400_000;

function time(days: number): Uint8Array {
  const text = new Date(Date.now() + days * DAY).toISOString().replace(/\..*|[-T:]/g, '');
  return textToBytes(`\x17\x0d${text.slice(2)}Z`);
}

interface RevocationWishes {
  readonly revoked?: readonly Certified[];
  /** The certificate whose key signs it, if not the issuer's. */
  readonly signer?: Certified;
  /** Days from now. */
  readonly until?: number;
}

/** A revocation list issued by `issuer` the day before yesterday. */
export function revocationList(
  issuer: Certified,
  { revoked = [], signer = issuer, until = 1 }: RevocationWishes = {},
): RevocationList {
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
