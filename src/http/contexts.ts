import { createMemoryReplayCache } from '../ap/replay-memory.ts';
import type { Ccache } from '../ccache/ccache.ts';
import { inRealmOfHost } from '../client/host-realm.ts';
import type { ServiceOptions } from '../client/service.ts';
import type { AcceptorOptions } from '../gss/acceptor.ts';
import { type OpenContextOptions, openContext } from '../gss/initiate.ts';
import { createSpnegoAcceptor } from '../gss/spnego/acceptor.ts';
import { hostBasedPrincipal, type Principal } from '../messages/principal.ts';
import { secondsOf } from '../messages/seconds.ts';
import { withEither } from './either-signal.ts';
import type { OpenContext } from './options.ts';
import type { AcceptContext } from './server.ts';

export interface OpenFromCacheOptions
  extends ServiceOptions,
    Pick<OpenContextOptions, 'clientKeytab' | 'clientPassword'> {
  /**
   * The service's principal for the name of a host; `HTTP/host` if not given, in the host's realm by `realmOfHost`, else
   * in the one that the client's KDC determines.
   */
  readonly servicePrincipal?: ((host: string) => Principal | Promise<Principal>) | undefined;
}

/**
 * Opens contexts in the name of a cache's principal, with the service tickets that the cache holds or that the KDCs
 * issue; a function may choose the cache by the service. The signal in the options ends the wait of every request for a
 * ticket, that of a request its own.
 */
export function openFromCache(
  cache: Ccache | ((server: Principal) => Promise<Ccache>),
  { servicePrincipal = httpPrincipal, ...exchange }: OpenFromCacheOptions,
): OpenContext {
  return async ({ host, delegation, channelBindings, signal: own }) => {
    const server = inRealmOfHost(await servicePrincipal(host), exchange);
    const chosen = typeof cache === 'function' ? await cache(server) : cache;
    return withEither(own, exchange.signal, signal => {
      const wishes = { mechanism: 'spnego', delegation, channelBindings, signal } as const;
      return openContext(server, chosen, { ...exchange, ...wishes });
    });
  };
}

export interface AcceptContextsOptions
  extends Pick<
    AcceptorOptions,
    'acceptAliases' | 'openedTickets' | 'requireBindings' | 'tgt' | 'permittedEnctypes' | 'clockskew' | 'now'
  > {
  /** Where authenticators are remembered: in the memory of this process if not given, nowhere with `none`. */
  readonly replayCache?: AcceptorOptions['replayCache'] | 'none';
}

/** Accepts Kerberos contexts, through SPNEGO or without it. */
export function acceptContexts({ replayCache, ...options }: AcceptContextsOptions): AcceptContext {
  const clockskew = secondsOf('clockskew', options.clockskew, 300);
  const replays =
    replayCache === 'none' ? undefined : (replayCache ?? createMemoryReplayCache({ clockskew }));
  return request => createSpnegoAcceptor({ ...options, ...request, replayCache: replays });
}

function httpPrincipal(host: string): Principal {
  return hostBasedPrincipal('HTTP', host.toLowerCase().replace(/\.$/, ''), '');
}
