import { getDiffieHellman } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Integer } from '../../src/codec/der/primitives.ts';
import { bytesToHex, hexToBytes } from '../../src/codec/text.ts';
import type { KdcPreauth } from '../../src/kdc/preauth/mechanism.ts';
import { PRE_AUTHENT } from '../../src/messages/flags.ts';
import { PA_PK_AS_REP } from '../../src/messages/numbers.ts';
import { AuthPack, KdcDhKeyInfo, PaPkAsRep, PaPkAsReq } from '../../src/messages/pkinit.ts';
import { octetStringToKey } from '../../src/preauth/pkinit/kdf.ts';
import { ID_PKINIT_AUTH_DATA, ID_PKINIT_DH_KEY_DATA } from '../../src/preauth/pkinit/numbers.ts';
import { openSignedData, signData } from '../../src/preauth/pkinit/signed-data.ts';
import { identityOf, kdcCertificate, login } from './pkinit-support.ts';

const BYTES = 256;
const p = BigInt(`0x${bytesToHex(getDiffieHellman('modp14').getPrime())}`);

/** A KDC that knows of no function but octetstring2key, and hashes what `hashed` makes of the shared secret. */
function kdcThat(
  isWanted: (z: bigint) => boolean,
  hashed: (z: Uint8Array) => Uint8Array,
): KdcPreauth['verify'] {
  return (padataValue, { etypes }) => {
    const { signedAuthPack } = PaPkAsReq.decode(padataValue);
    const { content } = openSignedData(signedAuthPack, ID_PKINIT_AUTH_DATA);
    const { clientPublicValue, pkAuthenticator } = AuthPack.decode(content);
    const { publicKey, z } = agree(Integer.decode(clientPublicValue!.subjectPublicKey), isWanted);
    const keyInfo = KdcDhKeyInfo.encode({
      subjectPublicKey: Integer.encode(publicKey),
      nonce: pkAuthenticator.nonce,
    });
    const dhSignedData = signData(ID_PKINIT_DH_KEY_DATA, keyInfo, identityOf(kdcCertificate));
    return {
      flags: PRE_AUTHENT,
      replyKey: octetStringToKey(etypes[0]!, hashed(z)),
      padata: [{ padataType: PA_PK_AS_REP, padataValue: PaPkAsRep.encode({ dhInfo: { dhSignedData } }) }],
    };
  };
}

/** Tries one private key after the other, which is quick, for both powers are made of the ones before. */
function agree(
  theirs: bigint,
  isWanted: (z: bigint) => boolean,
): { readonly publicKey: bigint; readonly z: Uint8Array } {
  let [publicKey, z] = [2n, theirs];
  do {
    publicKey = (publicKey * 2n) % p;
    z = (z * theirs) % p;
  } while (!isWanted(z));
  return { publicKey, z: hexToBytes(z.toString(16).padStart(2 * BYTES, '0')) };
}

const zeros = (z: bigint): number => BYTES - Math.ceil(z.toString(16).length / 2);
const one = (z: bigint): boolean => zeros(z) === 1;
const none = (z: bigint): boolean => zeros(z) === 0;

describe('a shared secret that begins with a zero', () => {
  it('makes a key in the length of the group', async () => {
    await expect(login({ verify: kdcThat(one, z => z) })).resolves.toMatchObject({ padataType: 16 });
  });

  it('makes a key as Heimdal 7 does, too: in the length of the group, without as much at its end', async () => {
    const verify = kdcThat(one, z => z.subarray(0, BYTES - 1));
    await expect(login({ verify })).resolves.toMatchObject({ padataType: 16 });
  });

  it('makes no other key', async () => {
    const verify = kdcThat(one, z => z.subarray(1));
    await expect(login({ verify })).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });
});

it('a shared secret that begins with no zero is hashed as a whole', async () => {
  const verify = kdcThat(none, z => z.subarray(0, BYTES - 1));
  await expect(login({ verify })).rejects.toMatchObject({
    code: 'REPLY_MODIFIED',
    message: 'Password incorrect',
  });
});
