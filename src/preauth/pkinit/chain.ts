import type { KeyObject, X509Certificate } from 'node:crypto';
import { RsaPssParams } from '../../messages/cms-certificate.ts';
import { digestName, RSA_PSS, signatureAlgorithm } from './algorithms.ts';
import { type CertificateFacts, inspectCertificate, publicKeyOf } from './certificate.ts';
import { type Revocation, revocationFault } from './revocation.ts';

/** What is needed to verify a certificate. */
interface ChainOptions {
  readonly anchors: readonly X509Certificate[];
  /** Certificates that may be between; they are not trusted by themselves. */
  readonly intermediates: readonly X509Certificate[];
  readonly now: Date;
  /** Revocation lists; revocation is not checked if not given. */
  readonly revocation?: Revocation | undefined;
}

/** Why a certificate is not trusted, in OpenSSL's words, which users of MIT know. */
export class ChainError extends Error {
  /** How many steps above the certificate to be verified; 0 is that one itself. */
  readonly depth: number;

  constructor(reason: string, depth: number) {
    super(reason);
    this.depth = depth;
  }
}

/** Longer than any chain in use. */
const MAX_DEPTH = 8;
/** Certificates with equal names can be tried in any order; this limits the cost. */
const MAX_SIGNATURES = 40;
/** 112 bits of strength, as NIST SP 800-57 and OpenSSL's security level 2 demand. */
const MIN_RSA_BITS = 2048;
const MIN_EC_BITS = 224;

/** Checks that `leaf` leads to an anchor (RFC 5280 §6). Throws `ChainError` or CodecError. */
export function verifyChain(leaf: X509Certificate, options: ChainOptions): void {
  const search = new Search(options);
  if (!search.reaches([leaf])) throw search.failure ?? new ChainError(NO_ISSUER, 0);
}

const NO_ISSUER = 'unable to get local issuer certificate';

class Search {
  /** The problem of the chain that came farthest. */
  failure: ChainError | undefined;
  private readonly options: ChainOptions;
  private readonly facts = new Map<X509Certificate, CertificateFacts>();
  private signatures = 0;

  constructor(options: ChainOptions) {
    this.options = options;
  }

  /** Whether the last certificate of `path`, which is valid so far, leads to an anchor. */
  reaches(path: readonly X509Certificate[]): boolean {
    const { anchors, intermediates } = this.options;
    const depth = path.length - 1;
    const last = path[depth]!;
    const reason = this.fault(last);
    if (reason !== undefined) return this.fails(reason, depth);
    // A self-issued anchor: there is nothing above.
    if (isAmong(last, anchors) && last.checkIssued(last)) return true;
    if (path.length > MAX_DEPTH) return this.fails('certificate chain too long', depth);
    for (const issuer of [...anchors, ...intermediates]) {
      if (isAmong(issuer, path) || !last.checkIssued(issuer)) continue;
      const trusted = isAmong(issuer, anchors);
      const wrong = this.faultOfIssuer(issuer, last, path, trusted);
      if (wrong !== undefined) this.fails(wrong, OF_ISSUER.includes(wrong) ? depth + 1 : depth);
      else if (trusted ? this.isValid(issuer, depth + 1) : this.reaches([...path, issuer])) return true;
    }
    return this.fails(last.checkIssued(last) ? 'self-signed certificate' : NO_ISSUER, depth);
  }

  private isValid(anchor: X509Certificate, depth: number): boolean {
    const reason = this.fault(anchor);
    return reason === undefined || this.fails(reason, depth);
  }

  private fails(reason: string, depth: number): false {
    if (this.failure === undefined || depth > this.failure.depth) {
      this.failure = new ChainError(reason, depth);
    }
    return false;
  }

  /** What is wrong with a certificate, whoever issued it. */
  private fault(certificate: X509Certificate): string | undefined {
    const now = this.options.now.getTime();
    if (!(Date.parse(certificate.validFrom) <= now)) return 'certificate is not yet valid';
    if (!(Date.parse(certificate.validTo) >= now)) return 'certificate has expired';
    if (!isStrong(publicKeyOf(certificate))) return 'CA certificate key too weak';
    if (this.of(certificate).unknownCritical.length > 0) return 'unhandled critical extension';
    return undefined;
  }

  /** What is wrong with `issuer` as the issuer of the last certificate of `path`. */
  private faultOfIssuer(
    issuer: X509Certificate,
    issued: X509Certificate,
    path: readonly X509Certificate[],
    trusted: boolean,
  ): string | undefined {
    const { basicConstraints } = this.of(issuer);
    // An anchor is trusted as such; the oldest ones, of version 1, have no extensions.
    if (basicConstraints === undefined ? !trusted : basicConstraints.cA !== true) return NO_AUTHORITY;
    const limit = basicConstraints?.pathLenConstraint;
    if (limit !== undefined && this.countBetween(path) > limit) return TOO_LONG_A_PATH;
    if (!isStrongSignature(this.of(issued).signatureAlgorithm)) return WEAK_SIGNATURE;
    if (++this.signatures > MAX_SIGNATURES) return 'certificate chain too long';
    if (!issued.verify(publicKeyOf(issuer))) return BAD_SIGNATURE;
    const { revocation, now } = this.options;
    return revocation && revocationFault(issued, issuer, revocation, now);
  }

  /** How many certificates count for RFC 5280 §4.2.1.9: all but the first and the self-issued ones. */
  private countBetween(path: readonly X509Certificate[]): number {
    return path.slice(1).filter(certificate => !certificate.checkIssued(certificate)).length;
  }

  private of(certificate: X509Certificate): CertificateFacts {
    let facts = this.facts.get(certificate);
    if (facts === undefined) {
      facts = inspectCertificate(certificate);
      this.facts.set(certificate, facts);
    }
    return facts;
  }
}

const NO_AUTHORITY = 'invalid CA certificate';
const TOO_LONG_A_PATH = 'path length constraint exceeded';
const BAD_SIGNATURE = 'certificate signature failure';
const WEAK_SIGNATURE = 'CA signature digest algorithm too weak';
/** Problems of the issuer rather than of the certificate itself. */
const OF_ISSUER = [NO_AUTHORITY, TOO_LONG_A_PATH];

function isAmong(certificate: X509Certificate, all: readonly X509Certificate[]): boolean {
  return all.some(other => other === certificate || Buffer.compare(other.raw, certificate.raw) === 0);
}

/** Whether the kind and size of a public key are strong enough. */
function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  switch (asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
    case 'ec':
      return curveBits(asymmetricKeyDetails?.namedCurve) >= MIN_EC_BITS;
    default:
      return asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ed448';
  }
}

/** The bits that the name of a curve states, as all of OpenSSL's do: `prime256v1`, `secp384r1`. */
function curveBits(name: string | undefined): number {
  return Number(/\d{3}/.exec(name ?? '')?.[0] ?? 0);
}

/** Whether a certificate's signature uses a digest that is still secure. */
function isStrongSignature({
  algorithm,
  parameters,
}: {
  readonly algorithm: string;
  readonly parameters?: Uint8Array | undefined;
}): boolean {
  if (algorithm === RSA_PSS) {
    const hash = parameters && RsaPssParams.decode(parameters).hashAlgorithm?.algorithm;
    return hash !== undefined && isStrongDigest(digestName(hash));
  }
  const known = signatureAlgorithm(algorithm);
  return known?.keyType.startsWith('ed') === true || isStrongDigest(known?.digest);
}

function isStrongDigest(name: string | undefined): boolean {
  return name !== undefined && name !== 'sha1';
}
