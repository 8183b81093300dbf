import { createHash, type X509Certificate } from 'node:crypto';
import { type Key, randomKey } from '../../crypto/key.ts';
import { KerberosError } from '../../errors.ts';
import { ANONYMOUS_REALM, anonymousPrincipal, isAnonymous } from '../../messages/anonymous.ts';
import {
  KDC_ERR_CANT_VERIFY_CERTIFICATE,
  KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED,
  KDC_ERR_INVALID_SIG,
  KDC_ERR_NO_ACCEPTABLE_KDF,
  KDC_ERR_PA_CHECKSUM_MUST_BE_INCLUDED,
  KDC_ERR_PUBLIC_KEY_ENCRYPTION_NOT_SUPPORTED,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_SKEW,
} from '../../messages/error-codes.ts';
import { PRE_AUTHENT } from '../../messages/flags.ts';
import {
  PA_AS_FRESHNESS,
  PA_PK_AS_REP,
  PA_PK_AS_REQ,
  PA_PKINIT_KX,
  TD_DH_PARAMETERS,
} from '../../messages/numbers.ts';
import { AuthPack, KdcDhKeyInfo, PaPkAsRep, PaPkAsReq, TdDhParameters } from '../../messages/pkinit.ts';
import { type Principal, toPrincipal } from '../../messages/principal.ts';
import { MethodData, type PaData, TypedData } from '../../messages/types.ts';
import { digestName } from '../../preauth/pkinit/algorithms.ts';
import { ChainError, verifyChain } from '../../preauth/pkinit/chain.ts';
import { sealContribution, sessionKeyOf } from '../../preauth/pkinit/contribution.ts';
import { groupOf, groupsFrom, type PkinitGroup } from '../../preauth/pkinit/groups.ts';
import { agilityKey, KDF_IDS, octetStringToKey } from '../../preauth/pkinit/kdf.ts';
import { ID_PKINIT_AUTH_DATA, ID_PKINIT_DH_KEY_DATA } from '../../preauth/pkinit/numbers.ts';
import type { PkinitGroupName, PkinitIdentity } from '../../preauth/pkinit/options.ts';
import type { Revocation } from '../../preauth/pkinit/revocation.ts';
import { openSignedData, type Signed, signData } from '../../preauth/pkinit/signed-data.ts';
import type { Exchange } from '../exchange.ts';
import { Refusal, refuse } from '../refusal.ts';
import { sealCookie } from './cookie.ts';
import type { KdcPreauth, PreauthRequest, Proof } from './mechanism.ts';
import { checkClientCertificate, namesIn, readCertificate } from './pkinit-client-certificate.ts';
import { checkFreshness, freshnessToken, refuseStale } from './pkinit-freshness.ts';

/** The KDC's settings for PKINIT. */
export interface KdcPkinitOptions {
  /** The KDC's own certificate, which names the realm's ticket-granting service, and its key. */
  readonly identity: PkinitIdentity;
  /** The certificates to which a client's must lead. */
  readonly anchors: readonly X509Certificate[];
  readonly intermediates?: readonly X509Certificate[] | undefined;
  /** Revocation lists; revocation is not checked if not given. */
  readonly revocation?: Revocation | undefined;
  /** Whether a user principal name in a certificate (Microsoft's) identifies a client, too; false if not given. */
  readonly allowUpn?: boolean | undefined;
  /** Whether a client must prove with the KDC's token (RFC 8070) that it has its key now; false if not given. */
  readonly requireFreshness?: boolean | undefined;
  /** The weakest group to accept; `2048` if not given. */
  readonly minGroup?: PkinitGroupName | undefined;
}

const NOTHING = new Uint8Array(0);

/**
 * RFC 4556 with Diffie-Hellman, and RFC 5349, 8636 and 8070. Clients without a certificate get anonymous tickets (RFC
 * 8062) if the realm has the principal WELLKNOWN/ANONYMOUS.
 */
export function openPkinit(options: KdcPkinitOptions): KdcPreauth {
  const groups = groupsFrom(options.minGroup ?? '2048');
  const { allowUpn = false } = options;
  return {
    padataType: PA_PK_AS_REQ,
    offers(request) {
      const offers = [PA_PK_AS_REQ, PA_PKINIT_KX].map(padataType => ({ padataType, padataValue: NOTHING }));
      if (!request.padata.some(({ padataType }) => padataType === PA_AS_FRESHNESS)) return offers;
      return [...offers, { padataType: PA_AS_FRESHNESS, padataValue: freshnessToken(request) }];
    },
    verify(padataValue, request) {
      try {
        const signed = open(padataValue);
        const client = clientOf(request);
        if (signed.signer === undefined && !isAnonymous(client)) return undefined;
        if (signed.signer !== undefined) checkSigner(signed.signer, signed.certificates, request);
        return answer(AuthPack.decode(signed.content), request);
      } catch (error) {
        if (error instanceof KerberosError && error.code === 'CODEC') return undefined;
        throw error;
      }
    },
    namesIn(bytes, exchange) {
      const certificate = readCertificate(bytes);
      checkChain(certificate, [], exchange);
      return namesIn(certificate, exchange.body!.realm, { allowUpn });
    },
  };

  function checkSigner(
    signer: X509Certificate,
    others: readonly X509Certificate[],
    request: PreauthRequest,
  ): void {
    checkChain(signer, others, request.exchange);
    checkClientCertificate(signer, [request.client.principal, clientOf(request)], { allowUpn });
  }

  function checkChain(signer: X509Certificate, others: readonly X509Certificate[], exchange: Exchange): void {
    const now = new Date(exchange.now);
    const intermediates = [...others, ...(options.intermediates ?? [])];
    try {
      verifyChain(signer, { anchors: options.anchors, intermediates, now, revocation: options.revocation });
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      refuse(KDC_ERR_CANT_VERIFY_CERTIFICATE, 'CANT_VERIFY_CERTIFICATE');
    }
  }

  function answer(pack: AuthPack, request: PreauthRequest): Proof {
    checkAuthenticator(pack.pkAuthenticator, request);
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
        dhSignedData: signData(ID_PKINIT_DH_KEY_DATA, keyInfo, options.identity),
        kdf: kdf === undefined ? undefined : { kdfId: kdf },
      },
    });
    const replyKey = deriveKey(z, kdf, padataValue, request);
    return {
      flags: PRE_AUTHENT,
      replyKey,
      padata: [{ padataType: PA_PK_AS_REP, padataValue }],
      makeSession: etype => contribute(etype, replyKey),
    };
  }

  function checkAuthenticator(authenticator: AuthPack['pkAuthenticator'], request: PreauthRequest): void {
    const { exchange, reqBody } = request;
    const { clockskew } = exchange.kdc;
    if (Math.abs(authenticator.ctime.getTime() - exchange.now) > clockskew * 1000) {
      refuse(KRB_AP_ERR_SKEW, 'CLOCK_SKEW');
    }
    const { paChecksum, paChecksum2, freshnessToken: token } = authenticator;
    if (paChecksum === undefined) refuse(KDC_ERR_PA_CHECKSUM_MUST_BE_INCLUDED, 'NO_CHECKSUM');
    const digest = paChecksum2 && digestName(paChecksum2.algorithmIdentifier.algorithm);
    const matches =
      isDigest('sha1', reqBody, paChecksum) &&
      (paChecksum2 === undefined ||
        (digest !== undefined && isDigest(digest, reqBody, paChecksum2.checksum)));
    if (!matches) refuse(KRB_AP_ERR_MODIFIED, 'CHECKSUM_OF_ANOTHER_REQUEST');
    if (token !== undefined) checkFreshness(token, request);
    else if (options.requireFreshness && !isAnonymous(clientOf(request))) refuseStale();
  }
}

/** The signed data of a request; throws `Refusal` if the signature does not match the certificate. */
function open(padataValue: Uint8Array): Signed {
  try {
    return openSignedData(PaPkAsReq.decode(padataValue).signedAuthPack, ID_PKINIT_AUTH_DATA);
  } catch (error) {
    if (!(error instanceof KerberosError) || error.code !== 'INTEGRITY') throw error;
    throw new Refusal(KDC_ERR_INVALID_SIG, 'INVALID_SIG', undefined, { cause: error });
  }
}

/** The client's name in the request. */
function clientOf({ exchange }: PreauthRequest): Principal {
  const { cname, realm } = exchange.body!;
  return toPrincipal(cname!, realm);
}

function isDigest(name: string, bytes: Uint8Array, sum: Uint8Array): boolean {
  return Buffer.compare(createHash(name).update(bytes).digest(), sum) === 0;
}

/** The first function of ours that the client supports; none for a client that does not know RFC 8636 (§6). */
function chooseKdf({ supportedKdfs }: AuthPack): string | undefined {
  if (supportedKdfs === undefined) return undefined;
  const kdf = KDF_IDS.find(id => supportedKdfs.some(({ kdfId }) => kdfId === id));
  return kdf ?? refuse(KDC_ERR_NO_ACCEPTABLE_KDF, 'NO_ACCEPTABLE_KDF');
}

function deriveKey(
  z: Uint8Array,
  kdf: string | undefined,
  pkAsRep: Uint8Array,
  request: PreauthRequest,
): Key {
  const etype = request.etypes[0]!;
  if (kdf === undefined) return octetStringToKey(etype, z);
  const { body, request: asReq } = request.exchange;
  const client = clientOf(request);
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
          sealCookie(PA_PK_AS_REQ, NOTHING, request),
        ]);
  return new Refusal(KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED, 'KEY_PARAMETERS_NOT_ACCEPTED', eData);
}
