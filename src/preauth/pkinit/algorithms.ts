// The object identifiers of digests and signatures, and the names node:crypto has for them.

/** RFC 5754 §2 and RFC 3370 §2.1. */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/** RSA without a digest of its own: that of the SignerInfo is used (RFC 3370 §3.2). */
export const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
export const RSA_PSS = '1.2.840.113549.1.1.10';

interface SignatureAlgorithm {
  /** As in `KeyObject.asymmetricKeyType`. */
  readonly keyType: string;
  /** Undefined where the algorithm does not say, or does not need one. */
  readonly digest: string | undefined;
}

/** RFC 5754 §3, RFC 5758 §3.2, RFC 8410 §3. */
const SIGNATURES: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  [RSA_ENCRYPTION, { keyType: 'rsa', digest: undefined }],
  ['1.2.840.113549.1.1.5', { keyType: 'rsa', digest: 'sha1' }],
  ['1.2.840.113549.1.1.11', { keyType: 'rsa', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { keyType: 'rsa', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { keyType: 'rsa', digest: 'sha512' }],
  ['1.2.840.10045.4.1', { keyType: 'ec', digest: 'sha1' }],
  ['1.2.840.10045.4.3.2', { keyType: 'ec', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { keyType: 'ec', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { keyType: 'ec', digest: 'sha512' }],
  ['1.3.101.112', { keyType: 'ed25519', digest: undefined }],
  ['1.3.101.113', { keyType: 'ed448', digest: undefined }],
]);

/** node:crypto's name of a digest; undefined for one that is not accepted here. */
export function digestName(oid: string): string | undefined {
  return DIGESTS.get(oid);
}

/** The object identifier of one of the accepted digests. */
export function digestOid(name: string): string {
  for (const [oid, digest] of DIGESTS) if (digest === name) return oid;
  throw new TypeError(`no such digest: ${name}`);
}

/** The key type and digest of a signature algorithm; undefined for one that is not accepted here. */
export function signatureAlgorithm(oid: string): SignatureAlgorithm | undefined {
  return SIGNATURES.get(oid);
}

/** The object identifier of ECDSA with a digest. */
export function ecdsaOid(digest: string): string {
  for (const [oid, row] of SIGNATURES) if (row.keyType === 'ec' && row.digest === digest) return oid;
  throw new TypeError(`no ECDSA with ${digest}`);
}
