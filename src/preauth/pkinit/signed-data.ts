import { createHash, type KeyObject, sign, verify, type X509Certificate } from 'node:crypto';
import { ObjectIdentifier, OctetString } from '../../codec/der/primitives.ts';
import { KerberosError } from '../../errors.ts';
import {
  ContentInfo,
  ID_CONTENT_TYPE,
  ID_MESSAGE_DIGEST,
  ID_SIGNED_DATA,
  SignedAttributes,
  SignedData,
  type SignerIdentifier,
  type SignerInfo,
} from '../../messages/cms.ts';
import { digestName, digestOid, ecdsaOid, RSA_ENCRYPTION, signatureAlgorithm } from './algorithms.ts';
import { inspectCertificate, publicKeyOf, readCertificate } from './certificate.ts';
import type { PkinitIdentity } from './options.ts';

/** The contents of a CMS message. */
export interface Signed {
  readonly content: Uint8Array;
  /** The certificate whose key made the signature; undefined for an unsigned message. It is not verified yet. */
  readonly signer: X509Certificate | undefined;
  /** All certificates in the message. */
  readonly certificates: readonly X509Certificate[];
}

/** More certificates than any chain has; each costs time to read. */
const MAX_CERTIFICATES = 16;
/** DER of NULL, which RSA's parameters must be (RFC 3370 §3.2). */
const NULL = Uint8Array.of(5, 0);
/** The version of SignedData for content that is not plain data (RFC 5652 §5.1). */
const VERSION = 3;

/**
 * The DER of a ContentInfo with `content` signed (RFC 5652 §5) or, without an identity, unsigned as in RFC 8062 §4.1.1.
 */
export function signData(
  contentType: string,
  content: Uint8Array,
  identity: PkinitIdentity | undefined,
): Uint8Array {
  const signed = identity && signerInfo(contentType, content, identity);
  const data = SignedData.encode({
    version: VERSION,
    digestAlgorithms: signed === undefined ? [] : [signed.digestAlgorithm],
    encapContentInfo: { eContentType: contentType, eContent: content },
    certificates: identity && [identity.certificate, ...identity.chain].map(({ raw }) => raw),
    signerInfos: signed === undefined ? [] : [signed],
  });
  return ContentInfo.encode({ contentType: ID_SIGNED_DATA, content: data });
}

/**
 * The content of a signed CMS message, after verifying the signature with the key of a certificate in the message; the
 * certificate itself remains to be verified. Throws KerberosError CODEC and INTEGRITY.
 */
export function openSignedData(bytes: Uint8Array, contentType: string): Signed {
  const info = ContentInfo.decode(bytes);
  if (info.contentType !== ID_SIGNED_DATA) throw malformed('not signed data');
  const { encapContentInfo, certificates: raw = [], signerInfos } = SignedData.decode(info.content);
  const content = encapContentInfo.eContent;
  if (encapContentInfo.eContentType !== contentType || content === undefined)
    throw malformed('content of another type');
  if (raw.length > MAX_CERTIFICATES || signerInfos.length > 1) throw malformed('too many signers');
  const [signer] = signerInfos;
  const certificates = raw.map(readCertificate);
  if (signer === undefined) return { content, certificates, signer: undefined };
  const certificate = certificates.find(candidate => isNamed(candidate, signer.sid));
  if (certificate === undefined) throw malformed("the signer's certificate is missing");
  if (!isSigned(signer, contentType, content, publicKeyOf(certificate))) {
    throw new KerberosError('INTEGRITY', 'Invalid signature');
  }
  return { content, certificates, signer: certificate };
}

function signerInfo(contentType: string, content: Uint8Array, identity: PkinitIdentity): SignerInfo {
  const { issuer, serialNumber } = inspectCertificate(identity.certificate);
  const digest = digestFor(identity.privateKey);
  const signedAttrs = SignedAttributes.encode([
    { attrType: ID_CONTENT_TYPE, attrValues: [ObjectIdentifier.encode(contentType)] },
    { attrType: ID_MESSAGE_DIGEST, attrValues: [OctetString.encode(hash(digest, content))] },
  ]);
  return {
    version: 1,
    sid: { issuerAndSerialNumber: { issuer, serialNumber } },
    digestAlgorithm: { algorithm: digestOid(digest) },
    signedAttrs,
    signatureAlgorithm:
      identity.privateKey.asymmetricKeyType === 'ec'
        ? { algorithm: ecdsaOid(digest) }
        : { algorithm: RSA_ENCRYPTION, parameters: NULL },
    signature: sign(digest, signedAttrs, identity.privateKey),
  };
}

/** A digest as strong as the key (RFC 5480 §4 for curves). */
function digestFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') return 'sha256';
  if (asymmetricKeyType !== 'ec') {
    throw new KerberosError('PKINIT_IDENTITY', `a ${asymmetricKeyType} key cannot be used for PKINIT`);
  }
  switch (asymmetricKeyDetails?.namedCurve) {
    case 'secp384r1':
      return 'sha384';
    case 'secp521r1':
      return 'sha512';
    default:
      return 'sha256';
  }
}

function isNamed(certificate: X509Certificate, sid: SignerIdentifier): boolean {
  const { issuer, serialNumber, subjectKeyIdentifier } = inspectCertificate(certificate);
  if (sid.issuerAndSerialNumber !== undefined) {
    return (
      Buffer.compare(sid.issuerAndSerialNumber.issuer, issuer) === 0 &&
      Buffer.compare(sid.issuerAndSerialNumber.serialNumber, serialNumber) === 0
    );
  }
  const named = sid.subjectKeyIdentifier ?? sid.segmentedKeyIdentifier;
  return subjectKeyIdentifier !== undefined && Buffer.compare(named, subjectKeyIdentifier) === 0;
}

/**
 * Whether the signature, and through the signed attributes the content, was made with the key (RFC 5652 §5.4 and §5.6).
 */
function isSigned(
  { digestAlgorithm, signatureAlgorithm: { algorithm }, signature, signedAttrs }: SignerInfo,
  contentType: string,
  content: Uint8Array,
  publicKey: KeyObject,
): boolean {
  const digest = digestName(digestAlgorithm.algorithm);
  const known = signatureAlgorithm(algorithm);
  if (digest === undefined || known === undefined) throw malformed('a signature by unknown algorithms');
  // MIT's kinit states RSA whatever the key; the key itself counts.
  const usable = publicKey.asymmetricKeyType === 'rsa' || publicKey.asymmetricKeyType === 'ec';
  if (!usable || (known.digest ?? digest) !== digest) return false;
  // Content other than plain data can be signed only through attributes.
  if (signedAttrs === undefined) return false;
  const attributes = Uint8Array.from(signedAttrs);
  attributes[0] = SET;
  const only = (id: string): Uint8Array | undefined => {
    const found = SignedAttributes.decode(attributes).filter(({ attrType }) => attrType === id);
    return found.length === 1 && found[0]!.attrValues.length === 1 ? found[0]!.attrValues[0] : undefined;
  };
  const [type, messageDigest] = [only(ID_CONTENT_TYPE), only(ID_MESSAGE_DIGEST)];
  return (
    type !== undefined &&
    ObjectIdentifier.decode(type) === contentType &&
    messageDigest !== undefined &&
    Buffer.compare(OctetString.decode(messageDigest), hash(digest, content)) === 0 &&
    verify(digest, attributes, publicKey, signature)
  );
}

const SET = 0x31;

function hash(digest: string, bytes: Uint8Array): Uint8Array {
  return createHash(digest).update(bytes).digest();
}

function malformed(reason: string): KerberosError {
  return new KerberosError('CODEC', `Failed to decode CMS message: ${reason}`);
}
