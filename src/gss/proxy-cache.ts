import type { Ccache } from '../ccache/ccache.ts';
import { configEntry, configServer, findConfig } from '../ccache/config-entries.ts';
import { notFound } from '../client/not-found.ts';
import { getCredentialByProxy } from '../client/s4u.ts';
import { findValid, type ServiceOptions } from '../client/service.ts';
import { bytesToText } from '../codec/text.ts';
import type { Credential } from '../messages/credential.ts';
import { formatPrincipal, type Principal, parsePrincipal, samePrincipal } from '../messages/principal.ts';

/** The key under which MIT's library notes who acts for a cache's principal. */
const PROXY_IMPERSONATOR = 'proxy_impersonator';

/** What a cache for acting in a user's name is made of. */
export interface ProxyCache {
  /** The cache of the acting service, with its ticket-granting ticket. */
  readonly own: Ccache;
  /** The user's ticket for that service, which an acceptor was presented with or S4U2Self obtained. */
  readonly evidence: Credential;
}

/**
 * Makes `cache` one of the user's, through which the service acts in the user's name (S4U2Proxy) when `openContext` or
 * a program with MIT's library uses it: it holds the service's own tickets, the user's ticket for the service, and a
 * note of who acts.
 */
export async function initializeProxyCache(cache: Ccache, { own, evidence }: ProxyCache): Promise<void> {
  const { principal, credentials, kdcOffset } = await own.load();
  const { client } = evidence;
  const note = configEntry(client, PROXY_IMPERSONATOR, undefined, formatPrincipal(principal));
  await cache.initialize({
    principal: client,
    credentials: [...credentials, note, evidence],
    kdcOffset,
  });
}

/** The KDC's clock offset of a cache, and who acts for its principal: nobody for an ordinary cache. */
export async function readImpersonator(
  cache: Ccache,
): Promise<{ readonly kdcOffset: number | undefined; readonly impersonator: Principal | undefined }> {
  const contents = await (cache.loadFor?.([configServer(PROXY_IMPERSONATOR)]) ?? cache.load());
  const noted = findConfig(contents, PROXY_IMPERSONATOR);
  return { kdcOffset: contents.kdcOffset, impersonator: noted && parsePrincipal(bytesToText(noted)) };
}

/**
 * A ticket for `server` in the name of the principal of a cache in which `impersonator` acts. Throws CcacheError
 * CREDENTIAL_NOT_FOUND where the user's ticket for the impersonator has expired, and what `getCredentialByProxy`
 * throws.
 */
export async function getProxyCacheCredential(
  cache: Ccache,
  server: Principal,
  options: ServiceOptions & { readonly impersonator: Principal },
): Promise<Credential> {
  const { impersonator } = options;
  const contents = await cache.load();
  const { now, kdcOffset, clockskew } = options;
  const evidence = findValid(
    contents,
    ({ client, isSkey, ...credential }) =>
      samePrincipal(credential.server, impersonator) && samePrincipal(client, contents.principal) && !isSkey,
    { now, kdcOffset, clockskew },
  );
  if (evidence === undefined) throw notFound(cache);
  if (samePrincipal(server, impersonator)) return evidence;
  return getCredentialByProxy(ofImpersonator(cache, impersonator), { evidence, server }, options);
}

/** The cache as one of the impersonator's, whose ticket-granting ticket it holds. */
function ofImpersonator(cache: Ccache, impersonator: Principal): Ccache {
  return {
    type: cache.type,
    residual: cache.residual,
    load: async () => ({ ...(await cache.load()), principal: impersonator }),
    initialize: contents => cache.initialize(contents),
    store: (credentials, now) => cache.store(credentials, now),
    remove: matches => cache.remove(matches),
    destroy: () => cache.destroy(),
  };
}
