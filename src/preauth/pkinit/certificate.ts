import { type KeyObject, X509Certificate } from 'node:crypto';
import type { ValueOf } from '../../codec/codec.ts';
import { OctetString, Utf8String } from '../../codec/der/primitives.ts';
import { bytesToText } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import {
  BasicConstraints,
  Certificate,
  DnsName,
  EXT_BASIC_CONSTRAINTS,
  EXT_CERTIFICATE_POLICIES,
  EXT_EXTENDED_KEY_USAGE,
  EXT_KEY_USAGE,
  EXT_SUBJECT_ALT_NAME,
  EXT_SUBJECT_KEY_IDENTIFIER,
  ExtendedKeyUsage,
  GeneralNames,
  KeyUsage,
  OtherName,
  TAG_DNS_NAME,
  TAG_OTHER_NAME,
} from '../../messages/cms-certificate.ts';
import { Krb5PrincipalName } from '../../messages/pkinit.ts';
import { type Principal, toPrincipal } from '../../messages/principal.ts';

type AlgorithmIdentifier = Certificate['signatureAlgorithm'];

/** What PKINIT needs to know of a certificate and node:crypto does not provide. */
export interface CertificateFacts {
  /** DER of the Name. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** DER of the INTEGER. */
  readonly serialNumber: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  /** The names of id-pkinit-san (RFC 4556 §3.2.2). */
  readonly principals: readonly Principal[];
  /** The user principal names that Microsoft's certificates contain. */
  readonly upns: readonly string[];
  readonly dnsNames: readonly string[];
  /** The key purposes; undefined where the certificate does not limit them. */
  readonly purposes: readonly string[] | undefined;
  /** Bits as RFC 5280 §4.2.1.3 numbers them, bit 0 highest; undefined where the certificate does not limit them. */
  readonly keyUsage: number | undefined;
  readonly basicConstraints: ValueOf<typeof BasicConstraints> | undefined;
  /** The critical extensions that are not understood here, and the constraints that are not checked here. */
  readonly unknownCritical: readonly string[];
}

const ID_PKINIT_SAN = '1.3.6.1.5.2.2';
const ID_MS_UPN = '1.3.6.1.4.1.311.20.2.3';
/** Policies need not be processed unless they are required (RFC 5280 §6.1.1). */
const UNDERSTOOD = [
  EXT_SUBJECT_KEY_IDENTIFIER,
  EXT_KEY_USAGE,
  EXT_SUBJECT_ALT_NAME,
  EXT_BASIC_CONSTRAINTS,
  EXT_CERTIFICATE_POLICIES,
  EXT_EXTENDED_KEY_USAGE,
];

/** Reads a certificate's DER. Throws KerberosError CODEC. */
export function readCertificate(bytes: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch (cause) {
    throw new KerberosError('CODEC', 'not a certificate', { cause });
  }
}

/** The public key of a certificate. Throws KerberosError CODEC for a key of an unknown kind. */
export function publicKeyOf(certificate: X509Certificate): KeyObject {
  try {
    return certificate.publicKey;
  } catch (cause) {
    throw new KerberosError('CODEC', 'a certificate with an unreadable public key', { cause });
  }
}

/** Reads the facts from a certificate (RFC 5280 §4). Throws CodecError. */
export function inspectCertificate(certificate: X509Certificate): CertificateFacts {
  const { tbsCertificate: tbs, signatureAlgorithm } = Certificate.decode(certificate.raw);
  const extensions = tbs.extensions ?? [];
  const find = (id: string): Uint8Array | undefined =>
    extensions.find(({ extnId }) => extnId === id)?.extnValue;
  const names = namesIn(find(EXT_SUBJECT_ALT_NAME));
  const [purposes, usage, constraints, keyId] = [
    find(EXT_EXTENDED_KEY_USAGE),
    find(EXT_KEY_USAGE),
    find(EXT_BASIC_CONSTRAINTS),
    find(EXT_SUBJECT_KEY_IDENTIFIER),
  ];
  return {
    issuer: tbs.issuer,
    subject: tbs.subject,
    serialNumber: tbs.serialNumber,
    signatureAlgorithm,
    subjectKeyIdentifier: keyId && OctetString.decode(keyId),
    ...names,
    purposes: purposes && ExtendedKeyUsage.decode(purposes),
    keyUsage: usage && KeyUsage.decode(usage),
    basicConstraints: constraints && BasicConstraints.decode(constraints),
    unknownCritical: extensions
      .filter(({ extnId, critical }) => critical === true && !UNDERSTOOD.includes(extnId))
      .map(({ extnId }) => extnId),
  };
}

function namesIn(
  extension: Uint8Array | undefined,
): Pick<CertificateFacts, 'principals' | 'upns' | 'dnsNames'> {
  const principals: Principal[] = [];
  const upns: string[] = [];
  const dnsNames: string[] = [];
  for (const name of extension === undefined ? [] : GeneralNames.decode(extension)) {
    if (name[0] === TAG_DNS_NAME) dnsNames.push(bytesToText(DnsName.decode(name)));
    if (name[0] !== TAG_OTHER_NAME) continue;
    const { typeId, value } = OtherName.decode(name);
    if (typeId === ID_MS_UPN) upns.push(Utf8String.decode(value));
    if (typeId === ID_PKINIT_SAN) {
      const { realm, principalName } = Krb5PrincipalName.decode(value);
      principals.push(toPrincipal(principalName, realm));
    }
  }
  return { principals, upns, dnsNames };
}
