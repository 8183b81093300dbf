import type { Ccache } from '../../ccache/ccache.ts';
import type { S4uUser } from '../../client/s4u.ts';
import type { ServiceOptions } from '../../client/service.ts';
import { KerberosError } from '../../errors.ts';
import { ActivityError } from '../../local/activity.ts';
import type { Credential } from '../../messages/credential.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../../messages/principal.ts';
import { gettingTicket, serviceTicket } from '../service-ticket.ts';

/** How to obtain tickets. */
export interface TicketWish {
  /** The principal of the cache. */
  readonly owner: Principal;
  /** The user in whose name the owner, which is a service, obtains them. */
  readonly user?: S4uUser | undefined;
  /** Whether the owner's ticket in the user's name is only the evidence for another one (S4U2Proxy). */
  readonly proxy: boolean;
  /** The peer's ticket-granting ticket, whose session key is to seal them. */
  readonly peerTicket?: Uint8Array | undefined;
  readonly options: ServiceOptions;
}

/** The first ticket to obtain: that for `server` or, in a user's name, the one for the cache's owner. */
export async function firstTicket(cache: Ccache, server: Principal, wish: TicketWish): Promise<Credential> {
  const { owner, user, proxy, peerTicket, options } = wish;
  const activity = `getting credentials for ${formatPrincipal(server)}`;
  if (user !== undefined) {
    if (!proxy && !samePrincipal(owner, server)) throw namesDiffer();
    const { getCredentialForUser } = await import('../../client/s4u.ts');
    return gettingTicket(activity, () => getCredentialForUser(cache, user, options));
  }
  if (peerTicket !== undefined) {
    const peer = { server, secondTicket: peerTicket };
    const { getUserToUserCredential } = await import('../../client/user-to-user.ts');
    return gettingTicket(activity, () => getUserToUserCredential(cache, peer, options));
  }
  return serviceTicket(cache, server, options);
}

/** The ticket for `server` that the owner of `evidence` obtains with it. */
export async function proxyTicket(
  cache: Ccache,
  delegation: { readonly evidence: Credential; readonly server: Principal },
  options: ServiceOptions,
): Promise<Credential> {
  const { getCredentialByProxy } = await import('../../client/s4u.ts');
  const activity = `${formatPrincipal(delegation.server)}: constrained delegation failed`;
  return gettingTicket(activity, () => getCredentialByProxy(cache, delegation, options), '');
}

function namesDiffer(): ActivityError {
  const error = new KerberosError('PRINCIPAL_MALFORMED', 'Invalid argument');
  return new ActivityError('client and server principal names must match', error, '');
}
