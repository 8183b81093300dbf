import type { Ccache } from '../ccache/ccache.ts';
import { forwardCredential } from '../client/forward.ts';
import { getServiceCredential, type ServiceOptions } from '../client/service.ts';
import { findPeerTgt, getUserToUserCredential } from '../client/user-to-user.ts';
import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { OK_AS_DELEGATE } from '../messages/flags.ts';
import type { Principal } from '../messages/principal.ts';
import type { SecurityContext } from './context.ts';
import { createInitiator, type InitiatorOptions } from './initiator.ts';
import { createSpnegoInitiator } from './spnego-initiator.ts';
import { createUserToUserInitiator } from './user-to-user.ts';

export interface OpenContextOptions extends ServiceOptions, Omit<InitiatorOptions, 'delegated'> {
  /** How the acceptor is spoken to: Kerberos's own tokens if not given, or those of SPNEGO around them. */
  readonly mechanism?: 'krb5' | 'spnego' | undefined;
  /**
   * Whether the cache's ticket-granting ticket is forwarded to the acceptor: `none` if not given, `policy` where the KDC
   * says that it may be trusted with it (ok-as-delegate), or `always`. Where it cannot be forwarded, the context goes without.
   */
  readonly delegation?: 'none' | 'policy' | 'always' | undefined;
  /** Whether the acceptor has no key but that of its own ticket-granting ticket, which it is asked for. */
  readonly userToUser?: boolean | undefined;
}

/**
 * A context with the service `target` in the name of the cache's principal, ready for its first step: the service's ticket
 * is the cache's own or got from the KDCs. Throws what `getServiceCredential` throws.
 */
export async function openContext(
  target: Principal,
  cache: Ccache,
  options: OpenContextOptions,
): Promise<SecurityContext> {
  const kdcOffset = options.kdcOffset ?? (await cache.load()).kdcOffset;
  const context = options.userToUser
    ? createUserToUserInitiator(
        target,
        secondTicket => getUserToUserCredential(cache, { server: target, secondTicket }, options),
        { ...options, kdcOffset },
      )
    : await openWithTicket(target, cache, { ...options, kdcOffset });
  return options.mechanism === 'spnego' ? createSpnegoInitiator(context) : context;
}

async function openWithTicket(
  target: Principal,
  cache: Ccache,
  options: OpenContextOptions,
): Promise<SecurityContext> {
  const credential = await getServiceCredential(cache, target, options);
  const { delegation = 'none' } = options;
  const trusted = delegation === 'always' || (credential.flags & OK_AS_DELEGATE) !== 0;
  const forwarded = delegation !== 'none' && trusted ? await forward(cache, options) : undefined;
  return createInitiator(credential, { ...options, delegated: forwarded && [forwarded] });
}

/** Whether a ticket may be forwarded is for its KDC to say. */
async function forward(cache: Ccache, options: OpenContextOptions): Promise<Credential | undefined> {
  try {
    return await forwardCredential(await findPeerTgt(cache, options), options);
  } catch (error) {
    if (!(error instanceof KerberosError) || error.code === 'ABORTED') throw error;
    options.trace?.(`Not delegating: ${error.message}`);
    return undefined;
  }
}
