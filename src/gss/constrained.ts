import type { Ccache } from '../ccache/ccache.ts';
import { getCredentialByProxy } from '../client/s4u.ts';
import type { ServiceOptions } from '../client/service.ts';
import type { Credential } from '../messages/credential.ts';
import type { Principal } from '../messages/principal.ts';
import type { ContextInfo } from './context.ts';
import { GssError } from './gss-error.ts';

/** The service to be reached, and the user in whose name. */
export interface ConstrainedDelegation {
  /** What the acceptor knows of the context that the user opened. */
  readonly info: ContextInfo;
  readonly server: Principal;
}

/**
 * A ticket for another service in the name of the user who opened a context with us, by S4U2Proxy; `cache` holds the
 * acceptor's own ticket-granting ticket. Throws GssError NO_CRED where the context has no ticket to serve as evidence,
 * and what `getCredentialByProxy` throws.
 */
export async function getConstrainedCredential(
  cache: Ccache,
  { info, server }: ConstrainedDelegation,
  options: ServiceOptions,
): Promise<Credential> {
  if (info.evidence === undefined) throw new GssError('NO_CRED', 'only an acceptor has a ticket to show');
  return getCredentialByProxy(cache, { evidence: info.evidence, server }, options);
}
