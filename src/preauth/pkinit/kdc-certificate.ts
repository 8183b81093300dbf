import type { X509Certificate } from 'node:crypto';
import { KerberosError } from '../../errors.ts';
import { DIGITAL_SIGNATURE } from '../../messages/cms-certificate.ts';
import { formatPrincipal, samePrincipal, tgsPrincipal } from '../../messages/principal.ts';
import type { Trace } from '../../trace.ts';
import { type CertificateFacts, inspectCertificate } from './certificate.ts';
import { ChainError, verifyChain } from './chain.ts';
import type { PkinitEku, PkinitMaterial } from './options.ts';

/** RFC 4556 §3.2.4 and RFC 5280 §4.2.1.12. */
const PURPOSES: Readonly<Record<Exclude<PkinitEku, 'none'>, string>> = {
  kpKDC: '1.3.6.1.5.2.3.5',
  kpServerAuth: '1.3.6.1.5.5.7.3.1',
};

interface Received {
  readonly certificate: X509Certificate;
  /** The other certificates that came with it. */
  readonly others: readonly X509Certificate[];
  readonly realm: string;
  readonly now: Date;
  readonly trace: Trace;
}

/**
 * Checks that a certificate is that of a realm's KDC (RFC 4556 §3.2.4): it leads to an anchor, and it names the realm's
 * ticket-granting service, or else one of the expected host names and has the key purpose of a KDC. Throws
 * KerberosError KDC_NOT_TRUSTED and CODEC.
 */
export function checkKdcCertificate(received: Received, material: PkinitMaterial): void {
  verify(received, material);
  const facts = inspectCertificate(received.certificate);
  if (facts.keyUsage !== undefined && (facts.keyUsage & DIGITAL_SIGNATURE) === 0) {
    throw failed('Inconsistent key purpose');
  }
  const { trace, realm } = received;
  const tgs = tgsPrincipal(realm);
  if (facts.principals.some(principal => samePrincipal(principal, tgs))) {
    trace(
      `PKINIT client matched KDC principal ${formatPrincipal(tgs)} against id-pkinit-san; no EKU check required`,
    );
    return;
  }
  checkHostname(facts, material, trace);
  checkPurpose(facts, material.eku ?? 'kpKDC', trace);
}

function verify({ certificate, others, now }: Received, material: PkinitMaterial): void {
  const intermediates = [...others, ...(material.intermediates ?? [])];
  try {
    verifyChain(certificate, {
      anchors: material.anchors,
      intermediates,
      now,
      revocation: material.revocation,
    });
  } catch (cause) {
    if (!(cause instanceof ChainError)) throw cause;
    throw failed(`Failed to verify received certificate (depth ${cause.depth}): ${cause.message}`, cause);
  }
}

function checkHostname(
  { dnsNames }: CertificateFacts,
  { kdcHostnames = [] }: PkinitMaterial,
  trace: Trace,
): void {
  const expected = kdcHostnames.map(name => name.toLowerCase());
  const name = dnsNames.find(candidate => expected.includes(candidate.toLowerCase()));
  if (name === undefined) {
    trace('PKINIT client found no acceptable SAN in KDC cert');
    throw failed('KDC name mismatch');
  }
  trace(`PKINIT client matched KDC hostname ${name} against dNSName SAN; EKU check still required`);
}

function checkPurpose({ purposes }: CertificateFacts, eku: PkinitEku, trace: Trace): void {
  if (eku === 'none') {
    trace('PKINIT client skipping EKU check due to configuration');
  } else if (!purposes?.includes(PURPOSES[eku])) {
    trace('PKINIT client found no acceptable EKU in KDC cert');
    throw failed('Inconsistent key purpose');
  }
}

function failed(message: string, cause?: unknown): KerberosError {
  return new KerberosError('KDC_NOT_TRUSTED', `Pre-authentication failed: ${message}`, { cause });
}
