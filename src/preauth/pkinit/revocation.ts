import { verify, type X509Certificate } from 'node:crypto';
import { bytesToText } from '../../codec/text.ts';
import { CodecError } from '../../errors.ts';
import { CertificateList, TbsCertList } from '../../messages/cms-crl.ts';
import { signatureAlgorithm } from './algorithms.ts';
import { inspectCertificate, publicKeyOf } from './certificate.ts';

/** A certificate revocation list (RFC 5280 §5). */
export interface RevocationList {
  /** DER of the Name. */
  readonly issuer: Uint8Array;
  readonly from: Date;
  readonly until: Date | undefined;
  /** DER of the INTEGERs, in base64. */
  readonly revoked: ReadonlySet<string>;
  readonly signed: CertificateList;
}

export interface Revocation {
  readonly lists: readonly RevocationList[];
  /** Whether each issuer must have a current list. */
  readonly required: boolean;
}

/** Reads a list's DER, without verifying its signature. Throws CodecError. */
export function readRevocationList(bytes: Uint8Array): RevocationList {
  const signed = CertificateList.decode(bytes);
  const { issuer, thisUpdate, nextUpdate, revokedCertificates = [] } = TbsCertList.decode(signed.tbsCertList);
  return {
    issuer,
    from: parseTime(thisUpdate),
    until: nextUpdate && parseTime(nextUpdate),
    revoked: new Set(revokedCertificates.map(({ userCertificate }) => base64(userCertificate))),
    signed,
  };
}

/**
 * Why a certificate of `issuer` has been revoked or must be treated as such, in OpenSSL's words; undefined if it is
 * valid.
 */
export function revocationFault(
  certificate: X509Certificate,
  issuer: X509Certificate,
  { lists, required }: Revocation,
  now: Date,
): string | undefined {
  const { issuer: name, serialNumber } = inspectCertificate(certificate);
  const own = lists.filter(list => Buffer.compare(list.issuer, name) === 0 && isSignedBy(list, issuer));
  if (own.some(({ revoked }) => revoked.has(base64(serialNumber)))) return 'certificate revoked';
  if (!required || own.some(list => isCurrent(list, now))) return undefined;
  return own.length > 0 ? 'CRL has expired' : 'unable to get certificate CRL';
}

function isSignedBy({ signed }: RevocationList, issuer: X509Certificate): boolean {
  const algorithm = signatureAlgorithm(signed.signatureAlgorithm.algorithm);
  const key = publicKeyOf(issuer);
  if (algorithm?.digest === undefined || algorithm.digest === 'sha1') return false;
  return (
    algorithm.keyType === key.asymmetricKeyType &&
    verify(algorithm.digest, signed.tbsCertList, key, signed.signature)
  );
}

function isCurrent({ from, until }: RevocationList, now: Date): boolean {
  return from <= now && (until === undefined || now <= until);
}

/** `YYMMDDHHMMSSZ`, of 1950 to 2049, or the same with a four-digit year (RFC 5280 §4.1.2.5). */
function parseTime(der: Uint8Array): Date {
  const text = bytesToText(der.subarray(2));
  const [, year, month, day, hour, minute, second] =
    /^(\d\d|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  if (year === undefined) throw new CodecError('not a time of a certificate');
  const whole = year.length === 4 ? year : `${Number(year) < 50 ? 20 : 19}${year}`;
  const time = new Date(`${whole}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(time.getTime())) throw new CodecError('no such time');
  return time;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
