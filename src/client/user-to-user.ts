import type { CacheContents, Ccache } from '../ccache/ccache.ts';
import type { Credential } from '../messages/credential.ts';
import { type Principal, samePrincipal, tgsPrincipal } from '../messages/principal.ts';
import { notFound } from './not-found.ts';
import type { WalkOptions } from './referrals.ts';
import { type FindOptions, findCredential, findValid, runErrand, type ServiceOptions } from './service.ts';
import { requestService } from './service-request.ts';

/** A service whose only key is that of its ticket-granting ticket. */
export interface Peer {
  readonly server: Principal;
  /** The DER of its ticket-granting ticket. */
  readonly secondTicket: Uint8Array;
}

/**
 * A ticket for `server` that is sealed in the session key of its ticket-granting ticket (RFC 4120 §3.7): from the cache
 * if it holds one for the same ticket-granting ticket, else from the KDCs. Throws what `getServiceCredential` throws.
 */
export function getUserToUserCredential(
  cache: Ccache,
  { server, secondTicket }: Peer,
  options: ServiceOptions,
): Promise<Credential> {
  const errand = {
    realm: server.realm,
    server,
    find(contents: CacheContents) {
      const toUser = (credential: Credential) =>
        samePrincipal(credential.server, server) &&
        samePrincipal(credential.client, contents.principal) &&
        credential.isSkey &&
        Buffer.compare(credential.secondTicket, secondTicket) === 0;
      return findValid(contents, toUser, options);
    },
    request: (tgt: Credential, walkOptions: WalkOptions) =>
      requestService(tgt, server, { ...walkOptions, secondTicket }),
    keepAs: { server, secondTicket, isSkey: true },
  };
  return runErrand(cache, errand, options);
}

/**
 * The valid ticket-granting ticket in the cache of a service for which tickets are to be sealed. Throws CcacheError,
 * CREDENTIAL_NOT_FOUND if there is none.
 */
export async function findPeerTgt(cache: Ccache, options: FindOptions): Promise<Credential> {
  const contents = await cache.load();
  const tgt = findCredential(contents, tgsPrincipal(contents.principal.realm), options);
  if (tgt === undefined) throw notFound(cache);
  return tgt;
}
