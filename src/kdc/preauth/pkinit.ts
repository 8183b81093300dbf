import type { X509Certificate } from 'node:crypto';
import { KerberosError } from '../../errors.ts';
import { isAnonymous } from '../../messages/anonymous.ts';
import { KDC_ERR_CANT_VERIFY_CERTIFICATE, KDC_ERR_INVALID_SIG } from '../../messages/error-codes.ts';
import { PA_AS_FRESHNESS, PA_PK_AS_REQ, PA_PKINIT_KX } from '../../messages/numbers.ts';
import { AuthPack, PaPkAsReq } from '../../messages/pkinit.ts';
import { type Principal, toPrincipal } from '../../messages/principal.ts';
import { ChainError, verifyChain } from '../../preauth/pkinit/chain.ts';
import { groupsFrom } from '../../preauth/pkinit/groups.ts';
import { ID_PKINIT_AUTH_DATA } from '../../preauth/pkinit/numbers.ts';
import type { PkinitGroupName, PkinitIdentity } from '../../preauth/pkinit/options.ts';
import type { Revocation } from '../../preauth/pkinit/revocation.ts';
import { openSignedData, type Signed } from '../../preauth/pkinit/signed-data.ts';
import type { Exchange } from '../exchange.ts';
import { Refusal, refuse } from '../refusal.ts';
import type { KdcPreauth, PreauthRequest } from './mechanism.ts';
import { answerAuthPack } from './pkinit/answer.ts';
import { checkAuthenticator } from './pkinit/authenticator.ts';
import { checkClientCertificate, namesIn, readCertificate } from './pkinit/client-certificate.ts';
import { freshnessToken } from './pkinit/freshness.ts';

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
  const { identity, allowUpn = false, requireFreshness = false } = options;
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
        const pack = AuthPack.decode(signed.content);
        checkAuthenticator(pack.pkAuthenticator, request, {
          requireFreshness: requireFreshness && !isAnonymous(client),
        });
        return answerAuthPack(pack, request, { client, groups, identity });
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
