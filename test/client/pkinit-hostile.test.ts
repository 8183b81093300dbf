import { getDiffieHellman } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Integer } from '../../src/codec/der/primitives.ts';
import { bytesToHex } from '../../src/codec/text.ts';
import { KerberosError } from '../../src/errors.ts';
import { ContentInfo, SignedData } from '../../src/messages/cms.ts';
import { AsRep } from '../../src/messages/kdc-rep.ts';
import { AsReq } from '../../src/messages/kdc-req.ts';
import { isKrbError, KrbError } from '../../src/messages/krb-error.ts';
import { TD_DH_PARAMETERS } from '../../src/messages/numbers.ts';
import { PaPkAsRep, TdDhParameters } from '../../src/messages/pkinit.ts';
import { parsePrincipal, tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { TypedData } from '../../src/messages/types.ts';
import { groupsFrom } from '../../src/preauth/pkinit/groups.ts';
import { ID_PKINIT_AUTH_DATA, ID_PKINIT_DH_KEY_DATA } from '../../src/preauth/pkinit/numbers.ts';
import { openSignedData, signData } from '../../src/preauth/pkinit/signed-data.ts';
import { type CertificateWishes, certify, KDC_PURPOSE } from '../support/pki.ts';
import { revocationList } from '../support/revocation-list.ts';
import {
  alicesCertificate,
  anonymous,
  authority,
  identityOf,
  kdcCertificate,
  type Login,
  login,
  REALM,
} from './pkinit-support.ts';

const [group2048] = groupsFrom('2048');
const p = BigInt(`0x${bytesToHex(getDiffieHellman('modp14').getPrime())}`);
const tgs = tgsPrincipal(REALM);

function withCertificate(wishes: CertificateWishes): Login {
  const own = certify('KDC', { issuer: authority, principals: [tgs], purposes: [KDC_PURPOSE], ...wishes });
  return { kdc: { identity: identityOf(own) } };
}

/** The answer with other signed data. */
function resigned(change: (content: Uint8Array) => Uint8Array): Login {
  return {
    forge(answer) {
      const { dhInfo } = PaPkAsRep.decode(answer);
      const { content } = openSignedData(dhInfo!.dhSignedData, ID_PKINIT_DH_KEY_DATA);
      return PaPkAsRep.encode({ dhInfo: { ...dhInfo!, dhSignedData: change(content) } });
    },
  };
}

describe('a KDC is not trusted', () => {
  it.each([
    [
      'whose certificate is of another authority',
      () => withCertificate({ issuer: certify('Test CA', { ca: true }) }),
    ],
    ['whose certificate issued itself', () => withCertificate({ issuer: undefined })],
    ['whose certificate has expired', () => withCertificate({ from: -9, to: -1 })],
    ['whose certificate is not yet valid', () => withCertificate({ from: 1 })],
    ['whose certificate a client issued', () => withCertificate({ issuer: alicesCertificate })],
    [
      'whose certificate is that of another realm',
      () => withCertificate({ principals: [tgsPrincipal('B.TEST')] }),
    ],
    [
      'whose certificate is that of a realm on the way',
      () => withCertificate({ principals: [tgsPrincipal(REALM, 'B.TEST')] }),
    ],
    [
      'whose certificate names a client',
      () => withCertificate({ principals: [parsePrincipal(`krbtgt@${REALM}`)] }),
    ],
    ['whose certificate names nobody', () => withCertificate({ principals: [] })],
    ['whose certificate may not sign', () => withCertificate({ keyUsage: 0x08000000 })],
    ['whose certificate asks for what nobody knows', () => withCertificate({ critical: '1.2.3.4' })],
    [
      'whose certificate has been revoked',
      () => ({
        material: {
          revocation: { lists: [revocationList(authority, { revoked: [kdcCertificate] })], required: false },
        },
      }),
    ],
    [
      'whose certificate may have been revoked',
      () => ({ material: { revocation: { lists: [], required: true } } }),
    ],
    ['whose key is too short', () => withCertificate({ key: 'rsa-1024' })],
    ['whose certificate is signed with SHA-1', () => withCertificate({ digest: 'sha1' })],
    ['that is the client', () => ({ kdc: { identity: identityOf(alicesCertificate) } })],
    ['that signs nothing', () => resigned(content => signData(ID_PKINIT_DH_KEY_DATA, content, undefined))],
    [
      'that encrypts the key by RSA',
      () => ({ forge: () => PaPkAsRep.encode({ encKeyPack: Uint8Array.of(48, 0) }) }),
    ],
  ] satisfies [string, () => Login][])('%s', async (_, wishes) => {
    await expect(login(wishes())).rejects.toMatchObject({ code: 'KDC_NOT_TRUSTED' });
  });

  it.each([
    ['a host name that is expected', ['kdc.test'], [KDC_PURPOSE], undefined, true],
    [
      'a host name that is expected, and the purpose of a server',
      ['kdc.test'],
      ['1.3.6.1.5.5.7.3.1'],
      'kpServerAuth',
      true,
    ],
    [
      'a host name that is expected, and no purpose, where none is asked for',
      ['kdc.test'],
      undefined,
      'none',
      true,
    ],
    [
      'a host name that is expected, but not the purpose',
      ['kdc.test'],
      ['1.3.6.1.5.5.7.3.1'],
      undefined,
      false,
    ],
    ['a host name that is expected, but no purpose', ['kdc.test'], undefined, undefined, false],
    ['another host name', ['kdc.example'], [KDC_PURPOSE], undefined, false],
  ] as const)('or is by %s', async (_, dnsNames, purposes, eku, trusted) => {
    const wishes = withCertificate({ principals: [], dnsNames, purposes });
    const outcome = login({ ...wishes, material: { kdcHostnames: ['KDC.test'], eku } });
    if (trusted) await expect(outcome).resolves.toBeDefined();
    else await expect(outcome).rejects.toMatchObject({ code: 'KDC_NOT_TRUSTED' });
  });
});

describe('an answer to PKINIT is refused', () => {
  it.each([
    ['with another nonce', { lie: keyInfo => ({ ...keyInfo, nonce: keyInfo.nonce ^ 1 }) }],
    [
      'with another public key',
      { lie: keyInfo => ({ ...keyInfo, subjectPublicKey: group2048!.generate().publicKey }) },
    ],
    [
      'with a function nobody offered',
      {
        forge: answer =>
          PaPkAsRep.encode({ dhInfo: { ...PaPkAsRep.decode(answer).dhInfo!, kdf: { kdfId: '1.2.3' } } }),
      },
    ],
    [
      'with another function than the KDC took',
      {
        forge: answer =>
          PaPkAsRep.encode({ dhInfo: { ...PaPkAsRep.decode(answer).dhInfo!, kdf: undefined } }),
      },
    ],
    [
      'with a nonce to a key that is not used again',
      {
        forge: answer =>
          PaPkAsRep.encode({
            dhInfo: { ...PaPkAsRep.decode(answer).dhInfo!, serverDhNonce: new Uint8Array(32) },
          }),
      },
    ],
    ['that is missing', { proof: proof => ({ ...proof, padata: [] }) }],
  ] satisfies [string, Login][])('%s', async (_, wishes) => {
    await expect(login(wishes)).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it.each([
    ['0', 0n],
    ['1', 1n],
    ['-1', -1n],
    ['p - 1', p - 1n],
    ['p', p],
    ['p + 4, which is 4 to a careless one', p + 4n],
    ['one that is no square', 11n],
  ])('with the public key %s', async (_, y) => {
    await expect(
      login({ lie: keyInfo => ({ ...keyInfo, subjectPublicKey: Integer.encode(y) }) }),
    ).rejects.toMatchObject({ code: 'CODEC' });
  });

  it('with a point that is not on the curve', async () => {
    const lie = (keyInfo: { nonce: number }) => ({
      ...keyInfo,
      subjectPublicKey: Uint8Array.of(4, ...new Uint8Array(64).fill(1)),
    });
    await expect(login({ lie, material: { minGroup: 'P-256' } })).rejects.toMatchObject({ code: 'CODEC' });
  });

  it.each([
    [
      'of another type',
      (content: Uint8Array) => signData(ID_PKINIT_AUTH_DATA, content, identityOf(kdcCertificate)),
    ],
    [
      'by another key',
      (content: Uint8Array) =>
        signData(ID_PKINIT_DH_KEY_DATA, content, {
          ...identityOf(kdcCertificate),
          privateKey: alicesCertificate.privateKey,
        }),
    ],
  ])('with signed data %s', async (_, change) => {
    await expect(login(resigned(change))).rejects.toBeInstanceOf(KerberosError);
  });

  it.each([
    ['digest', '1.2.840.113549.2.5'],
    ['signature', '1.2.840.113549.1.1.4'],
  ])('with signed data by a %s algorithm that nobody takes', async (part, algorithm) => {
    const change = (content: Uint8Array): Uint8Array => {
      const signed = signData(ID_PKINIT_DH_KEY_DATA, content, identityOf(kdcCertificate));
      const { contentType, content: data } = ContentInfo.decode(signed);
      const { signerInfos, ...others } = SignedData.decode(data);
      const infos = signerInfos.map(info => ({ ...info, [`${part}Algorithm`]: { algorithm } }));
      return ContentInfo.encode({
        contentType,
        content: SignedData.encode({ ...others, signerInfos: infos }),
      });
    };
    await expect(login(resigned(change))).rejects.toMatchObject({ code: 'CODEC' });
  });

  it('to a request that is not the one we sent', async () => {
    const alter = (bytes: Uint8Array): Uint8Array => {
      const { padata = [], ...request } = AsReq.decode(bytes);
      const more = { padataType: 9999, padataValue: new Uint8Array(1) };
      return AsReq.encode({ ...request, padata: [...padata, more] });
    };
    await expect(login({ alter })).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('with any of its bytes changed', async () => {
    let length = 0;
    await login({
      forge(answer) {
        length = answer.length;
        return answer;
      },
    });
    for (let at = 0; at < length; at += 31) {
      const flip = (answer: Uint8Array) => {
        const changed = Uint8Array.from(answer);
        changed[at % changed.length]! ^= 0x55;
        return changed;
      };
      await expect(login({ forge: flip }), `byte ${at}`).rejects.toBeInstanceOf(KerberosError);
    }
  });
});

it('a group that is weaker than the weakest permitted is not taken, whoever asks for it', async () => {
  const lines: string[] = [];
  const parameters = TdDhParameters.encode([group2048!.algorithm()]);
  const eData = TypedData.encode([{ dataType: TD_DH_PARAMETERS, dataValue: parameters }]);
  const tamper = (reply: Uint8Array): Uint8Array => (isKrbError(reply) ? reply : refusalOf(reply, 65, eData));
  await expect(
    login({ tamper, material: { minGroup: '4096' }, trace: line => lines.push(line) }),
  ).rejects.toMatchObject({ errorCode: 65 });
  expect(lines.filter(line => line.includes('making DH request'))).toEqual([
    'PKINIT client making DH request with group 4096',
  ]);
});

describe('an anonymous client refuses a reply', () => {
  it.each([
    ['in the realm that it asked', { crealm: REALM }],
    ['in the name of somebody', { cname: { nameType: 1, nameString: ['alice'] } }],
    [
      'in the name of somebody of that realm',
      { crealm: REALM, cname: { nameType: 1, nameString: ['alice'] } },
    ],
  ])('%s', async (_, lie) => {
    const tamper = (reply: Uint8Array): Uint8Array =>
      isKrbError(reply) ? reply : AsRep.encode({ ...AsRep.decode(reply), ...lie });
    await expect(login({ client: anonymous, tamper })).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });
});

it('what is left out of the reply is not made up for by a password', async () => {
  const tamper = (reply: Uint8Array): Uint8Array =>
    isKrbError(reply) ? reply : AsRep.encode({ ...AsRep.decode(reply), padata: [] });
  await expect(login({ tamper })).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
});

it('a refusal is not made up for by a password', async () => {
  const tamper = (reply: Uint8Array): Uint8Array => {
    return isKrbError(reply) ? reply : refusalOf(reply, 24);
  };
  await expect(login({ tamper })).rejects.toMatchObject({ errorCode: 24 });
});

/** Some KRB-ERROR instead of a reply. */
function refusalOf(reply: Uint8Array, errorCode: number, eData?: Uint8Array): Uint8Array {
  const { crealm } = AsRep.decode(reply);
  return KrbError.encode({
    stime: new Date(),
    susec: 0,
    errorCode,
    realm: crealm,
    sname: toPrincipalName(tgs),
    eData,
  });
}
