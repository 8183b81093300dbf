import { generateKeyPairSync, type KeyObject, sign as signBytes, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Any, Bool, Int32, ObjectIdentifier, Utf8String } from '../../src/codec/der/primitives.ts';
import { sequence, sequenceOf } from '../../src/codec/der/schema.ts';
import { setOf } from '../../src/codec/der/set.ts';
import { textToBytes } from '../../src/codec/text.ts';
import {
  BasicConstraints,
  Certificate,
  DIGITAL_SIGNATURE,
  DnsName,
  ExtendedKeyUsage,
  GeneralNames,
  KeyUsage,
  OtherName,
} from '../../src/messages/cms-certificate.ts';
import { Krb5PrincipalName } from '../../src/messages/pkinit.ts';
import {
  type Principal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';

/** A certificate and its key, as objects and in PEM. */
export interface Certified {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
  readonly pem: { readonly certificate: string; readonly key: string };
  readonly subject: string;
}

export interface CertificateWishes {
  /** The issuer; the certificate is self-signed if not given. */
  readonly issuer?: Certified | undefined;
  readonly ca?: boolean | undefined;
  readonly pathLength?: number | undefined;
  /** The names of id-pkinit-san. */
  readonly principals?: readonly Principal[] | undefined;
  readonly upn?: string | undefined;
  readonly dnsNames?: readonly string[] | undefined;
  readonly purposes?: readonly string[] | undefined;
  /** Bits as RFC 5280 numbers them, bit 0 highest. */
  readonly keyUsage?: number | undefined;
  /** The object identifier of an unknown critical extension. */
  readonly critical?: string | undefined;
  /** `ec` (P-256) if not given. */
  readonly key?: 'ec' | 'P-384' | 'P-521' | 'rsa' | 'rsa-1024' | undefined;
  /** `sha256` if not given. */
  readonly digest?: 'sha1' | 'sha256' | undefined;
  /** Days from now. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export const KDC_PURPOSE = '1.3.6.1.5.2.3.5';
export const CLIENT_PURPOSE = '1.3.6.1.5.2.3.4';

const DAY = 86_400_000;
const COMMON_NAME = '2.5.4.3';
const Name = sequenceOf(setOf(sequence('Attribute', { type: ObjectIdentifier, value: Utf8String })));
const SIGNATURES: Readonly<Record<string, string>> = {
  'ec sha1': '1.2.840.10045.4.1',
  'ec sha256': '1.2.840.10045.4.3.2',
  'rsa sha1': '1.2.840.113549.1.1.5',
  'rsa sha256': '1.2.840.113549.1.1.11',
};

let serial = 1;

/** Issues an X.509 certificate of version 3 to a fresh key. */
export function certify(subject: string, wishes: CertificateWishes = {}): Certified {
  const { publicKey, privateKey } = newKey(wishes.key ?? 'ec');
  const issuer = wishes.issuer ?? { subject, privateKey };
  const digest = wishes.digest ?? 'sha256';
  const kind = issuer.privateKey.asymmetricKeyType;
  const signatureAlgorithm = {
    algorithm: SIGNATURES[`${kind} ${digest}`]!,
    // NULL, which RFC 4055 asks for.
    parameters: kind === 'rsa' ? Uint8Array.of(5, 0) : undefined,
  };
  const tbsCertificate = {
    version: 2,
    serialNumber: Int32.encode(serial++),
    signature: signatureAlgorithm,
    issuer: nameOf(issuer.subject),
    validity: validity(wishes),
    subject: nameOf(subject),
    subjectPublicKeyInfo: Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' })),
    extensions: extensions(wishes),
  };
  const draft = { tbsCertificate, signatureAlgorithm, signature: new Uint8Array(1) };
  const signature = signBytes(digest, tbsOf(Certificate.encode(draft)), issuer.privateKey);
  const certificate = new X509Certificate(Certificate.encode({ ...draft, signature }));
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { certificate, privateKey, subject, pem: { certificate: certificate.toString(), key } };
}

/** Certifies a realm's KDC for PKINIT (RFC 4556 §3.2.4); RSA, which all clients take. */
export function certifyKdc(realm: string, wishes: CertificateWishes): Certified {
  return certify('KDC', {
    principals: [tgsPrincipal(realm)],
    purposes: [KDC_PURPOSE],
    keyUsage: DIGITAL_SIGNATURE,
    key: 'rsa',
    ...wishes,
  });
}

/** Certifies a client for PKINIT (RFC 4556 §3.2.2), such as `alice@A.TEST`; its subject is the name alone. */
export function certifyClient(name: string, wishes: CertificateWishes): Certified {
  const principal = parsePrincipal(name);
  return certify(principal.components.join('/'), {
    principals: [principal],
    purposes: [CLIENT_PURPOSE],
    keyUsage: DIGITAL_SIGNATURE,
    ...wishes,
  });
}

/** Writes a certificate and its key to `dir`; `FILE:` and the names of both files. */
export function storeIdentity(dir: string, name: string, { pem }: Certified): string {
  const [certificate, key] = [join(dir, `${name}.pem`), join(dir, `${name}.key`)];
  writeFileSync(certificate, pem.certificate);
  writeFileSync(key, pem.key);
  return `FILE:${certificate},${key}`;
}

function newKey(kind: NonNullable<CertificateWishes['key']>): {
  publicKey: KeyObject;
  privateKey: KeyObject;
} {
  if (kind === 'rsa' || kind === 'rsa-1024') {
    return generateKeyPairSync('rsa', { modulusLength: kind === 'rsa' ? 2048 : 1024 });
  }
  return generateKeyPairSync('ec', { namedCurve: kind === 'ec' ? 'P-256' : kind });
}

/** The first element of the outermost SEQUENCE. */
function tbsOf(certificate: Uint8Array): Uint8Array {
  const { tbs } = sequence('Outer', { tbs: Any }).decode(certificate);
  return tbs;
}

function nameOf(commonName: string): Uint8Array {
  return Name.encode([[{ type: COMMON_NAME, value: commonName }]]);
}

function validity({ from = -1, to = 30 }: CertificateWishes): Uint8Array {
  const time = (days: number): Uint8Array => {
    const text = new Date(Date.now() + days * DAY).toISOString();
    return textToBytes(`\x18\x0f${text.replace(/\..*|[-T:]/g, '')}Z`);
  };
  const content = Buffer.concat([time(from), time(to)]);
  return Buffer.concat([Uint8Array.of(0x30, content.length), content]);
}

function extensions(wishes: CertificateWishes) {
  const list: { extnId: string; critical?: boolean; extnValue: Uint8Array }[] = [];
  if (wishes.ca !== undefined) {
    const value = { cA: wishes.ca || undefined, pathLenConstraint: wishes.pathLength };
    list.push({ extnId: '2.5.29.19', critical: true, extnValue: BasicConstraints.encode(value) });
  }
  const names = [
    ...(wishes.principals ?? []).map(principal => {
      const name = { realm: principal.realm, principalName: toPrincipalName(principal) };
      return OtherName.encode({ typeId: '1.3.6.1.5.2.2', value: Krb5PrincipalName.encode(name) });
    }),
    ...(wishes.upn === undefined
      ? []
      : [OtherName.encode({ typeId: '1.3.6.1.4.1.311.20.2.3', value: Utf8String.encode(wishes.upn) })]),
    ...(wishes.dnsNames ?? []).map(name => DnsName.encode(textToBytes(name))),
  ];
  if (names.length > 0) list.push({ extnId: '2.5.29.17', extnValue: GeneralNames.encode(names) });
  if (wishes.purposes)
    list.push({ extnId: '2.5.29.37', extnValue: ExtendedKeyUsage.encode(wishes.purposes) });
  if (wishes.keyUsage !== undefined)
    list.push({ extnId: '2.5.29.15', extnValue: KeyUsage.encode(wishes.keyUsage) });
  if (wishes.critical) list.push({ extnId: wishes.critical, critical: true, extnValue: Bool.encode(true) });
  return list.length === 0 ? undefined : list;
}
