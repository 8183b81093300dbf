import { createHash, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ObjectIdentifier, OctetString } from '../../src/codec/der/primitives.ts';
import { KerberosError } from '../../src/errors.ts';
import { ContentInfo, SignedAttributes, SignedData } from '../../src/messages/cms.ts';
import { openSignedData, signData } from '../../src/preauth/pkinit/signed-data.ts';
import { certify } from '../support/pki.ts';

const TYPE = '1.3.6.1.5.2.3.1';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const content = Buffer.from('what is signed');
const { certificate, privateKey } = certify('signer');
const identity = { certificate, privateKey, chain: [] };
type SignedDataValue = ReturnType<typeof SignedData.decode>;

/** The signed content with its SignedData changed. */
function changed(change: (data: SignedDataValue) => SignedDataValue): Uint8Array {
  const { contentType, content: inner } = ContentInfo.decode(signData(TYPE, content, identity));
  return ContentInfo.encode({ contentType, content: SignedData.encode(change(SignedData.decode(inner))) });
}

/** Signed by the right key, but over these attributes. */
function withAttributes(attributes: readonly { attrType: string; attrValues: readonly Uint8Array[] }[]) {
  const signedAttrs = SignedAttributes.encode(attributes);
  return changed(data => ({
    ...data,
    signerInfos: data.signerInfos.map(info => ({
      ...info,
      signedAttrs,
      signature: sign('sha256', signedAttrs, privateKey),
    })),
  }));
}

const typeAttribute = { attrType: CONTENT_TYPE, attrValues: [ObjectIdentifier.encode(TYPE)] };
const digestAttribute = {
  attrType: MESSAGE_DIGEST,
  attrValues: [OctetString.encode(createHash('sha256').update(content).digest())],
};

describe('signed data', () => {
  it('bring back what was signed, and by whose key', () => {
    const opened = openSignedData(signData(TYPE, content, identity), TYPE);
    expect(Buffer.from(opened.content)).toEqual(content);
    expect(opened.signer?.raw).toEqual(certificate.raw);
  });

  it('may be signed by nobody', () => {
    const opened = openSignedData(signData(TYPE, content, undefined), TYPE);
    expect(opened).toMatchObject({ signer: undefined, certificates: [] });
    expect(Buffer.from(opened.content)).toEqual(content);
  });

  it('name the signer by the identifier of the key, too, in either of two encodings', () => {
    const own = certify('signer', { critical: '1.2.3' });
    expect(() => openSignedData(signData(TYPE, content, { ...own, chain: [] }), TYPE)).not.toThrow();
    for (const sid of [
      { subjectKeyIdentifier: Uint8Array.of(1) },
      { segmentedKeyIdentifier: Uint8Array.of(1) },
    ]) {
      const bytes = changed(data => ({
        ...data,
        signerInfos: data.signerInfos.map(info => ({ ...info, sid })),
      }));
      expect(() => openSignedData(bytes, TYPE)).toThrow("the signer's certificate is missing");
    }
  });

  it('are as they should be when made by hand', () => {
    expect(openSignedData(withAttributes([typeAttribute, digestAttribute]), TYPE).signer).toBeDefined();
  });

  it.each([
    ['without the type of the content', [digestAttribute]],
    ['without a digest', [typeAttribute]],
    ['with two digests', [typeAttribute, digestAttribute, digestAttribute]],
    [
      'with a digest of two values',
      [
        typeAttribute,
        { ...digestAttribute, attrValues: [...digestAttribute.attrValues, ...digestAttribute.attrValues] },
      ],
    ],
    [
      'of another type',
      [{ ...typeAttribute, attrValues: [ObjectIdentifier.encode('1.2.3')] }, digestAttribute],
    ],
  ])('are refused %s', (_, attributes) => {
    expect(() => openSignedData(withAttributes(attributes), TYPE)).toThrow('Invalid signature');
  });

  it.each([
    [
      'of another type',
      changed(data => ({ ...data, encapContentInfo: { ...data.encapContentInfo, eContentType: '1.2.3' } })),
    ],
    ['without content', changed(data => ({ ...data, encapContentInfo: { eContentType: TYPE } }))],
    [
      'with two signers',
      changed(data => ({ ...data, signerInfos: [...data.signerInfos, ...data.signerInfos] })),
    ],
    ['without the certificate', changed(data => ({ ...data, certificates: undefined }))],
    [
      'with a thousand certificates',
      changed(data => ({ ...data, certificates: new Array(1000).fill(certificate.raw) })),
    ],
    ['with a certificate that is none', changed(data => ({ ...data, certificates: [Uint8Array.of(48, 0)] }))],
    [
      'with MD5',
      changed(data => ({
        ...data,
        signerInfos: data.signerInfos.map(info => ({
          ...info,
          digestAlgorithm: { algorithm: '1.2.840.113549.2.5' },
        })),
      })),
    ],
  ])('are refused %s', (_, bytes) => {
    expect(() => openSignedData(bytes, TYPE)).toThrow(KerberosError);
  });

  it('are refused with the signature of plain content', () => {
    const bytes = changed(data => ({
      ...data,
      signerInfos: data.signerInfos.map(info => ({
        ...info,
        signedAttrs: undefined,
        signature: sign('sha256', content, privateKey),
      })),
    }));
    expect(() => openSignedData(bytes, TYPE)).toThrow('Invalid signature');
  });

  it('with any byte changed never bring another content of the signer', () => {
    const bytes = signData(TYPE, content, identity);
    for (let at = 0; at < bytes.length; at++) {
      const broken = Uint8Array.from(bytes);
      broken[at]! ^= 0x21;
      try {
        const { signer, content: found } = openSignedData(broken, TYPE);
        if (signer !== undefined) expect(Buffer.from(found), `byte ${at}`).toEqual(content);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(KerberosError);
      }
    }
  });
});
