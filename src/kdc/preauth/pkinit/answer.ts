import { type Key, randomKey } from '../../../crypto/key.ts';
import { ANONYMOUS_REALM, anonymousPrincipal, isAnonymous } from '../../../messages/anonymous.ts';
import {
  KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED,
  KDC_ERR_NO_ACCEPTABLE_KDF,
  KDC_ERR_PUBLIC_KEY_ENCRYPTION_NOT_SUPPORTED,
} from '../../../messages/error-codes.ts';
import { PRE_AUTHENT } from '../../../messages/flags.ts';
import { PA_PK_AS_REP, PA_PK_AS_REQ, TD_DH_PARAMETERS } from '../../../messages/numbers.ts';
import { type AuthPack, KdcDhKeyInfo, PaPkAsRep, TdDhParameters } from '../../../messages/pkinit.ts';
import { type Principal, toPrincipal } from '../../../messages/principal.ts';
import { MethodData, type PaData, TypedData } from '../../../messages/types.ts';
import { sealContribution, sessionKeyOf } from '../../../preauth/pkinit/contribution.ts';
import { groupOf, type PkinitGroup } from '../../../preauth/pkinit/groups.ts';
import { agilityKey, KDF_IDS, octetStringToKey } from '../../../preauth/pkinit/kdf.ts';
import { ID_PKINIT_DH_KEY_DATA } from '../../../preauth/pkinit/numbers.ts';
import type { PkinitIdentity } from '../../../preauth/pkinit/options.ts';
import { signData } from '../../../preauth/pkinit/signed-data.ts';
import { Refusal, refuse } from '../../refusal.ts';
import { sealCookie } from '../cookie.ts';
import type { PreauthRequest, Proof } from '../mechanism.ts';

interface AnswerOptions {
  /** The client's name in the request. */
  readonly client: Principal;
  /** The groups to accept. */
  readonly groups: readonly PkinitGroup[];
  readonly identity: PkinitIdentity;
}

/** The KDC's half of the Diffie-Hellman exchange (RFC 4556 §3.2.3.1), and the reply key. Throws `Refusal`. */
export function answerAuthPack(
  pack: AuthPack,
  request: PreauthRequest,
  { client, groups, identity }: AnswerOptions,
): Proof {
  const { clientPublicValue, pkAuthenticator } = pack;
  if (clientPublicValue === undefined) {
    refuse(KDC_ERR_PUBLIC_KEY_ENCRYPTION_NOT_SUPPORTED, 'ONLY_DIFFIE_HELLMAN');
  }
  const group = groupOf(clientPublicValue.algorithm, groups);
  if (group === undefined) throw otherParameters(groups, request);
  const pair = group.generate();
  const z = pair.agree(clientPublicValue.subjectPublicKey);
  const keyInfo = KdcDhKeyInfo.encode({ subjectPublicKey: pair.publicKey, nonce: pkAuthenticator.nonce });
  const kdf = chooseKdf(pack);
  const padataValue = PaPkAsRep.encode({
    dhInfo: {
      dhSignedData: signData(ID_PKINIT_DH_KEY_DATA, keyInfo, identity),
      kdf: kdf === undefined ? undefined : { kdfId: kdf },
    },
  });
  const replyKey = deriveKey(z, { kdf, pkAsRep: padataValue, client, request });
  return {
    flags: PRE_AUTHENT,
    replyKey,
    padata: [{ padataType: PA_PK_AS_REP, padataValue }],
    makeSession: etype => contribute(etype, replyKey),
  };
}

/** The first function of ours that the client supports; none for a client that does not know RFC 8636 (§6). */
function chooseKdf({ supportedKdfs }: AuthPack): string | undefined {
  if (supportedKdfs === undefined) return undefined;
  const kdf = KDF_IDS.find(id => supportedKdfs.some(({ kdfId }) => kdfId === id));
  return kdf ?? refuse(KDC_ERR_NO_ACCEPTABLE_KDF, 'NO_ACCEPTABLE_KDF');
}

interface KeyFacts {
  readonly kdf: string | undefined;
  readonly pkAsRep: Uint8Array;
  readonly client: Principal;
  readonly request: PreauthRequest;
}

function deriveKey(z: Uint8Array, { kdf, pkAsRep, client, request }: KeyFacts): Key {
  const etype = request.etypes[0]!;
  if (kdf === undefined) return octetStringToKey(etype, z);
  const { body, request: asReq } = request.exchange;
  return agilityKey(kdf, z, {
    etype,
    client: isAnonymous(client) ? anonymousPrincipal(ANONYMOUS_REALM) : client,
    server: toPrincipal(body!.sname!, body!.realm),
    asReq,
    pkAsRep,
  });
}

/** A session key with contributions from both sides (RFC 8062 §7). */
function contribute(etype: number, replyKey: Key): { readonly key: Key; readonly padata: PaData } {
  const contribution = randomKey(etype);
  return { key: sessionKeyOf(contribution, replyKey), padata: sealContribution(contribution, replyKey) };
}

/** The refusal that lists the accepted groups (RFC 4556 §3.2.2). */
function otherParameters(groups: readonly PkinitGroup[], request: PreauthRequest): Refusal {
  const parameters = TdDhParameters.encode(groups.map(group => group.algorithm()));
  // Within FAST, everything is padata, and without a cookie the conversation would end (RFC 6113 §5.2 and §5.4.4).
  const eData =
    request.exchange.fast === undefined
      ? TypedData.encode([{ dataType: TD_DH_PARAMETERS, dataValue: parameters }])
      : MethodData.encode([
          { padataType: TD_DH_PARAMETERS, padataValue: parameters },
          sealCookie(PA_PK_AS_REQ, new Uint8Array(0), request),
        ]);
  return new Refusal(KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED, 'KEY_PARAMETERS_NOT_ACCEPTED', eData);
}
