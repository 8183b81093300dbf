import { createHash } from 'node:crypto';
import { KdcReqBody } from '../../messages/kdc-req.ts';
import { PA_AS_FRESHNESS } from '../../messages/numbers.ts';
import { AuthPack, PaPkAsReq } from '../../messages/pkinit.ts';
import type { PreauthContext } from '../mechanism.ts';
import { digestOid } from './algorithms.ts';
import type { DhPair, PkinitGroup } from './groups.ts';
import { KDF_IDS } from './kdf.ts';
import { ID_PKINIT_AUTH_DATA } from './numbers.ts';
import type { PkinitMaterial } from './options.ts';
import { signData } from './signed-data.ts';

/** A request that has been made, with what its reply is opened with. */
export interface Asked {
  readonly group: PkinitGroup;
  readonly pair: DhPair;
  readonly nonce: number;
  readonly value: Uint8Array;
}

/** A PA-PK-AS-REQ with a fresh key of `group` (RFC 4556 §3.2.1, RFC 8636, RFC 8070). */
export function askWith(group: PkinitGroup, context: PreauthContext, material: PkinitMaterial): Asked {
  const pair = group.generate();
  // MIT's KDC repeats the nonce of the request, whatever this one is.
  const { nonce } = KdcReqBody.decode(context.reqBody);
  const now = context.now();
  const offersFreshness = freshnessOffer(context) !== undefined;
  const checksum = (digest: string): Uint8Array => createHash(digest).update(context.reqBody).digest();
  const authPack = AuthPack.encode({
    pkAuthenticator: {
      cusec: (now.getTime() % 1000) * 1000,
      ctime: now,
      nonce,
      paChecksum: checksum('sha1'),
      freshnessToken: material.disableFreshness ? undefined : freshnessToken(context),
      // Heimdal 7 ignores everything that follows, even the public key; a KDC that offers freshness is newer.
      paChecksum2: offersFreshness
        ? { checksum: checksum('sha256'), algorithmIdentifier: { algorithm: digestOid('sha256') } }
        : undefined,
    },
    clientPublicValue: { algorithm: group.algorithm(), subjectPublicKey: pair.publicKey },
    supportedKdfs: KDF_IDS.map(kdfId => ({ kdfId })),
  });
  const signedAuthPack = signData(ID_PKINIT_AUTH_DATA, authPack, material.identity);
  return { group, pair, nonce, value: PaPkAsReq.encode({ signedAuthPack }) };
}

/** RFC 8070: proof that the client has its private key now, and has not signed in advance. */
function freshnessToken(context: PreauthContext): Uint8Array | undefined {
  const token = freshnessOffer(context);
  if (token === undefined || token.length === 0) return undefined;
  context.trace('PKINIT client received freshness token from KDC');
  return token;
}

function freshnessOffer({ offers }: PreauthContext): Uint8Array | undefined {
  return offers.find(({ padataType }) => padataType === PA_AS_FRESHNESS)?.padataValue;
}
