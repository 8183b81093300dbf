import { getInitialCredential, type InitialResult } from '../../src/client/initial.ts';
import { createKdc } from '../../src/kdc/kdc.ts';
import { createDatabase } from '../../src/kdc/memory-database.ts';
import type { KdcPreauth, Proof } from '../../src/kdc/preauth/mechanism.ts';
import { type KdcPkinitOptions, openPkinit } from '../../src/kdc/preauth/pkinit.ts';
import { transportTo } from '../../src/kdc/start/transport.ts';
import { anonymousPrincipal } from '../../src/messages/anonymous.ts';
import { KdcDhKeyInfo, PaPkAsRep } from '../../src/messages/pkinit.ts';
import { type Principal, parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { ID_PKINIT_DH_KEY_DATA } from '../../src/preauth/pkinit/numbers.ts';
import type { PkinitIdentity, PkinitMaterial } from '../../src/preauth/pkinit/options.ts';
import { openSignedData, signData } from '../../src/preauth/pkinit/signed-data.ts';
import { type Certified, CLIENT_PURPOSE, certify, KDC_PURPOSE } from '../support/pki.ts';

export const REALM = 'A.TEST';
export const alice = parsePrincipal(`alice@${REALM}`);
export const anonymous = anonymousPrincipal(REALM);

export const authority = certify('Test CA', { ca: true });
export const kdcCertificate = certify('KDC', {
  issuer: authority,
  principals: [tgsPrincipal(REALM)],
  purposes: [KDC_PURPOSE],
});
export const alicesCertificate = certify('alice', {
  issuer: authority,
  principals: [alice],
  purposes: [CLIENT_PURPOSE],
});

export function identityOf({ certificate, privateKey }: Certified): PkinitIdentity {
  return { certificate, privateKey, chain: [] };
}

export interface Login {
  readonly client?: Principal;
  readonly material?: Partial<PkinitMaterial>;
  readonly kdc?: Partial<KdcPkinitOptions>;
  /** What the KDC does with the client's data instead of what it should. */
  readonly verify?: KdcPreauth['verify'];
  /** What the KDC signs instead of what it should. */
  readonly lie?: (keyInfo: KdcDhKeyInfo) => KdcDhKeyInfo;
  /** What the KDC sends instead of what it should. */
  readonly forge?: (answer: Uint8Array) => Uint8Array;
  /** What the KDC's proof is made to be. */
  readonly proof?: (proof: Proof) => Proof;
  /** What somebody on the way makes of a request. */
  readonly alter?: (request: Uint8Array) => Uint8Array;
  /** What somebody on the way makes of a reply; `round` counts from 0. */
  readonly tamper?: (reply: Uint8Array, round: number) => Uint8Array;
  readonly trace?: (line: string) => void;
}

/** The AS exchange of a client that has a certificate with a KDC that takes it. */
export async function login(wishes: Login = {}): Promise<InitialResult> {
  const { client = alice, material, trace } = wishes;
  const { alter = request => request, tamper = reply => reply } = wishes;
  const { verify } = wishes;
  const database = createDatabase();
  database.addRealm(REALM);
  database.add(alice, { password: 'wonderland' });
  database.add(anonymous, { random: true });
  const honest = openPkinit({
    identity: identityOf(kdcCertificate),
    anchors: [authority.certificate],
    ...wishes.kdc,
  });
  const kdc = createKdc({
    database,
    realm: REALM,
    mechanisms: [verify === undefined ? lying(honest, wishes) : { ...honest, verify }],
  });
  const carry = transportTo(kdc, database);
  let round = 0;
  const isAnonymous = client === anonymous;
  return getInitialCredential(
    client,
    { password: () => Promise.reject(new Error('asked for a password')) },
    {
      transport: async (realm, request, ...others) =>
        tamper(await carry(realm, alter(request), ...others), round++),
      anonymous: isAnonymous,
      trace,
      pkinit: {
        load: async () => ({
          identity: isAnonymous ? undefined : identityOf(alicesCertificate),
          anchors: [authority.certificate],
          ...material,
        }),
      },
    },
  );
}

function lying(honest: KdcPreauth, { lie, forge, proof: change = proof => proof, kdc }: Login): KdcPreauth {
  const identity = kdc?.identity ?? identityOf(kdcCertificate);
  const alter = (answer: Uint8Array): Uint8Array => {
    if (forge !== undefined) return forge(answer);
    if (lie === undefined) return answer;
    const { dhInfo } = PaPkAsRep.decode(answer);
    const { content } = openSignedData(dhInfo!.dhSignedData, ID_PKINIT_DH_KEY_DATA);
    const keyInfo = KdcDhKeyInfo.encode(lie(KdcDhKeyInfo.decode(content)));
    return PaPkAsRep.encode({
      dhInfo: { ...dhInfo!, dhSignedData: signData(ID_PKINIT_DH_KEY_DATA, keyInfo, identity) },
    });
  };
  return {
    ...honest,
    verify(padataValue, request) {
      const proof = honest.verify(padataValue, request);
      if (proof === undefined) return undefined;
      const padata = proof.padata?.map(row => ({ ...row, padataValue: alter(row.padataValue) }));
      return change({ ...proof, padata: padata ?? [] });
    },
  };
}
