/// <reference path="./node-forge-deep.d.ts" />
import type forge from 'node-forge';

/** DER of what a PKCS#12 file holds: PKCS#8 private keys, and certificates. */
interface Pkcs12Contents {
  readonly privateKeys: readonly Uint8Array[];
  readonly certificates: readonly Uint8Array[];
}

/** Opens PKCS#12; undefined for a wrong passphrase, and for bytes that are not PKCS#12. */
export async function openPkcs12(bytes: Uint8Array, passphrase: string): Promise<Pkcs12Contents | undefined> {
  const [{ default: asn1 }, { default: pkcs12 }, { default: pki }] = await Promise.all([
    import('node-forge/lib/asn1.js'),
    import('node-forge/lib/pkcs12.js'),
    import('node-forge/lib/pki.js'),
  ]);
  const toDer = (value: forge.asn1.Asn1): Uint8Array => Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
  try {
    const parsed = asn1.fromDer(Buffer.from(bytes).toString('latin1'));
    const { safeContents } = pkcs12.pkcs12FromAsn1(parsed, passphrase);
    const bags = safeContents.flatMap(({ safeBags }) => safeBags);
    const ofTypes = (...types: readonly string[]): forge.pkcs12.Bag[] =>
      bags.filter(({ type }) => types.includes(type));
    return {
      // node-forge parses only RSA, and leaves other keys unparsed.
      privateKeys: ofTypes(pki.oids.keyBag!, pki.oids.pkcs8ShroudedKeyBag!).map(({ key, asn1: other }) =>
        toDer(key ? pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(key)) : other),
      ),
      certificates: ofTypes(pki.oids.certBag!).map(({ cert, asn1: other }) =>
        toDer(cert ? pki.certificateToAsn1(cert) : other),
      ),
    };
  } catch {
    return undefined;
  }
}
