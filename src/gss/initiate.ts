import type { Ccache } from '../ccache/ccache.ts';
import { type ClientKeytab, refreshFromKeytab } from '../client/client-keytab.ts';
import { type ClientPassword, refreshFromPassword } from '../client/client-password.ts';
import { forwardCredential } from '../client/forward.ts';
import { inRealmOfHost } from '../client/host-realm.ts';
import { getServiceCredential, type ServiceOptions } from '../client/service.ts';
import { findPeerTgt, getUserToUserCredential } from '../client/user-to-user.ts';
import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { OK_AS_DELEGATE } from '../messages/flags.ts';
import type { Principal } from '../messages/principal.ts';
import type { SecurityContext } from './context.ts';
import type { Conversation } from './iakerb/conversation.ts';
import { createIakerbInitiator } from './iakerb/initiator.ts';
import { createInitiator, createIntroducedInitiator, type InitiatorOptions } from './initiator.ts';
import { getProxyCacheCredential, readImpersonator } from './proxy-cache.ts';
import { createSpnegoInitiator } from './spnego/initiator.ts';
import { createUserToUserInitiator } from './user-to-user.ts';

export interface OpenContextOptions extends ServiceOptions, Omit<InitiatorOptions, 'delegated'> {
  /**
   * Which tokens to use: those of Kerberos itself if not given, or SPNEGO around them. With `iakerb`, the acceptor passes
   * on to the KDCs whatever is asked of them, during the steps, and `transport` is not called: for clients that reach no
   * KDC. What a KDC refuses is then the `cause` of a step's GssError.
   */
  readonly mechanism?: 'krb5' | 'spnego' | 'iakerb' | undefined;
  /**
   * Whether the cache's ticket-granting ticket is forwarded to the acceptor: `none` if not given, `policy` where the
   * KDC trusts the acceptor with it (ok-as-delegate), or `always`. If it cannot be forwarded, the context is opened
   * without delegation.
   */
  readonly delegation?: 'none' | 'policy' | 'always' | undefined;
  /** Whether the acceptor has no key but that of its own ticket-granting ticket, for which it is asked. */
  readonly userToUser?: boolean | undefined;
  /** The keytab to get a ticket-granting ticket with if the cache has none or one that is about to expire. */
  readonly clientKeytab?: ClientKeytab | undefined;
  /** The same with a password; a cache with the tickets of another client is refused. */
  readonly clientPassword?: ClientPassword | undefined;
}

/**
 * A context with the service `named` in the name of the cache's principal, ready for its first step: the service's
 * ticket is the cache's own or got from the KDCs, by S4U2Proxy in a cache that `initializeProxyCache` has made. Throws
 * what `getServiceCredential` throws, and with a client's keytab or password what `getInitialCredential` throws.
 */
export async function openContext(
  named: Principal,
  cache: Ccache,
  options: OpenContextOptions,
): Promise<SecurityContext> {
  // Otherwise V8 throws one that names our own variables.
  if (!Array.isArray(named?.components)) throw new TypeError('a target is what hostBasedPrincipal makes');
  if (typeof options?.transport !== 'function')
    throw new TypeError('a transport is what createTransport makes');
  const target = inRealmOfHost(named, options);
  if (options.mechanism === 'iakerb') {
    if (options.userToUser) throw new TypeError('IAKERB is not for user-to-user authentication');
    return createIakerbInitiator(
      (transport, conversation) => openDirectly(target, cache, { ...options, transport, conversation }),
      options,
    );
  }
  const context = await openDirectly(target, cache, options);
  return options.mechanism === 'spnego' ? createSpnegoInitiator(context) : context;
}

async function openDirectly(
  target: Principal,
  cache: Ccache,
  options: OpenContextOptions & Introduced,
): Promise<SecurityContext> {
  const { clientKeytab, clientPassword } = options;
  if (clientKeytab !== undefined) await refreshFromKeytab(cache, clientKeytab, options);
  if (clientPassword !== undefined) await refreshFromPassword(cache, clientPassword, options);
  const { impersonator, ...noted } = await readImpersonator(cache);
  const kdcOffset = options.kdcOffset ?? noted.kdcOffset;
  if (options.userToUser) {
    return createUserToUserInitiator(
      target,
      secondTicket => getUserToUserCredential(cache, { server: target, secondTicket }, options),
      { ...options, kdcOffset },
    );
  }
  return openWithTicket(target, cache, { ...options, kdcOffset, impersonator });
}

interface Introduced {
  /** The exchange by which the tickets are got, if that is IAKERB's. */
  readonly conversation?: Conversation | undefined;
}

interface Impersonation {
  readonly impersonator: Principal | undefined;
}

async function openWithTicket(
  target: Principal,
  cache: Ccache,
  options: OpenContextOptions & Introduced & Impersonation,
): Promise<SecurityContext> {
  const { delegation = 'none', impersonator, conversation } = options;
  const credential =
    impersonator === undefined
      ? await getServiceCredential(cache, target, options)
      : await getProxyCacheCredential(cache, target, { ...options, impersonator });
  const trusted = delegation === 'always' || (credential.flags & OK_AS_DELEGATE) !== 0;
  const forwarded = delegation !== 'none' && trusted ? await forward(cache, options) : undefined;
  const asked = { ...options, delegated: forwarded && [forwarded] };
  return conversation === undefined
    ? createInitiator(credential, asked)
    : createIntroducedInitiator(credential, asked, conversation);
}

/** The KDC decides whether a ticket may be forwarded. */
async function forward(cache: Ccache, options: OpenContextOptions): Promise<Credential | undefined> {
  try {
    return await forwardCredential(await findPeerTgt(cache, options), options);
  } catch (error) {
    if (!(error instanceof KerberosError) || error.code === 'ABORTED') throw error;
    options.trace?.(`Not delegating: ${error.message}`);
    return undefined;
  }
}
