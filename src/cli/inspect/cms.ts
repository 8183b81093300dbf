import type { KeyObject, X509Certificate } from 'node:crypto';
import type { ValueOf } from '../../codec/codec.ts';
import { CodecError, KerberosError } from '../../errors.ts';
import { ContentInfo, ID_SIGNED_DATA, SignedData, type SignerInfo } from '../../messages/cms.ts';
import { type AlgorithmIdentifier, AuthPack, KdcDhKeyInfo, ReplyKeyPack } from '../../messages/pkinit.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { inspectCertificate, publicKeyOf, readCertificate } from '../../preauth/pkinit/certificate.ts';
import { groupOf, groupsFrom } from '../../preauth/pkinit/groups.ts';
import { ID_PKINIT_AUTH_DATA, ID_PKINIT_DH_KEY_DATA } from '../../preauth/pkinit/numbers.ts';
import { branch, hexText, type Node } from './node.ts';
import { oidText } from './oids.ts';
import type { NamedType } from './types.ts';

/** What the two sides of PKINIT sign (RFC 4556 §3.2.1, §3.2.3). */
const CONTENTS: Readonly<Record<string, NamedType>> = {
  [ID_PKINIT_AUTH_DATA]: { name: 'AuthPack', type: AuthPack },
  [ID_PKINIT_DH_KEY_DATA]: { name: 'KDCDHKeyInfo', type: KdcDhKeyInfo },
  '1.3.6.1.5.2.3.3': { name: 'ReplyKeyPack', type: ReplyKeyPack },
};

/** More certificates than any chain has. */
const MAX_CERTIFICATES = 20;

/** What is in a ContentInfo of CMS; `show` makes the tree of what is signed. Nothing is verified. Throws CodecError. */
export function cmsNodes(
  bytes: Uint8Array,
  show: (type: NamedType, bytes: Uint8Array) => Node,
): readonly Node[] {
  const { contentType, content } = ContentInfo.decode(bytes);
  const head = { name: 'contentType', value: oidText(contentType) };
  if (contentType !== ID_SIGNED_DATA) return [head, { name: 'content', value: hexText(content) }];
  const { encapContentInfo, certificates = [], crls = [], signerInfos } = SignedData.decode(content);
  const { eContentType, eContent } = encapContentInfo;
  const type = CONTENTS[eContentType];
  const signed =
    eContent === undefined
      ? []
      : [type === undefined ? { name: 'eContent', value: hexText(eContent) } : show(type, eContent)];
  return [
    head,
    branch('encapContentInfo', signed, oidText(eContentType)),
    ...certificates.slice(0, MAX_CERTIFICATES).map((each, i) => certificateNode(`certificate ${i}`, each)),
    ...(crls.length === 0 ? [] : [{ name: 'crls', value: String(crls.length) }]),
    ...signerInfos.slice(0, MAX_CERTIFICATES).map(signerNode),
  ];
}

function signerNode(signer: SignerInfo): Node {
  const { sid, digestAlgorithm, signatureAlgorithm, signature } = signer;
  const key = sid.subjectKeyIdentifier ?? sid.segmentedKeyIdentifier;
  const by =
    key === undefined
      ? { name: 'serialNumber', value: hexText(sid.issuerAndSerialNumber!.serialNumber.subarray(2)) }
      : { name: 'subjectKeyIdentifier', value: hexText(key) };
  return branch('signer', [
    by,
    { name: 'digest', value: oidText(digestAlgorithm.algorithm) },
    { name: 'signature', value: `${oidText(signatureAlgorithm.algorithm)}, ${signature.length} bytes` },
  ]);
}

/** A certificate by its names, which are what PKINIT goes by; as bytes where it is none. */
function certificateNode(name: string, bytes: Uint8Array): Node {
  try {
    const certificate = readCertificate(bytes);
    const { subject, issuer, serialNumber, validFrom, validTo } = certificate;
    return branch(name, [
      { name: 'subject', value: nameText(subject) },
      { name: 'issuer', value: nameText(issuer) },
      { name: 'serialNumber', value: serialNumber.toLowerCase() },
      { name: 'validity', value: `${timeText(validFrom)} to ${timeText(validTo)}` },
      ...factNodes(certificate),
    ]);
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    return { name, value: `${hexText(bytes)}, which is no certificate that can be read` };
  }
}

function factNodes(certificate: X509Certificate): readonly Node[] {
  const { principals, upns, dnsNames, purposes } = inspectCertificate(certificate);
  return [
    ...principals.map(each => ({ name: 'principal', value: formatPrincipal(each) })),
    ...upns.map(value => ({ name: 'upn', value })),
    ...dnsNames.map(value => ({ name: 'dnsName', value })),
    ...(purposes === undefined ? [] : [{ name: 'purposes', value: purposes.map(oidText).join(', ') }]),
    { name: 'publicKey', value: keyText(publicKeyOf(certificate)) },
  ];
}

function keyText({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  return [asymmetricKeyType, namedCurve, modulusLength && `${modulusLength} bits`].filter(Boolean).join(' ');
}

function nameText(lines: string | undefined): string {
  return (lines ?? '').split('\n').join(', ') || '(none)';
}

function timeText(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date.toISOString().replace('.000Z', 'Z');
}

/** An algorithm, and of Diffie-Hellman the group. */
export function algorithmText(identifier: ValueOf<typeof AlgorithmIdentifier>): string {
  const name = oidText(identifier.algorithm);
  const group = groupName(identifier);
  return group === undefined ? name : `${name}, ${/^\d/.test(group) ? `${group} bits` : group}`;
}

function groupName(identifier: ValueOf<typeof AlgorithmIdentifier>): string | undefined {
  try {
    return groupOf(identifier, groupsFrom('2048'))?.name;
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
