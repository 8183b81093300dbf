import type { PreauthWishes } from '../client/as-state.ts';
import type { ServiceOptions } from '../client/service.ts';
import type { Transport } from '../transport/transport.ts';
import { defaultRealmOf, type Session } from './session.ts';

/** What an exchange with a KDC needs, as configured: transport, clock, clock skew, the ways to other realms, trace. */
export function exchangeOptions(
  session: Session,
  enctypes: readonly number[],
): ServiceOptions & Pick<PreauthWishes, 'forbidsTimestamp'> {
  const { io, trace } = session;
  let transport: Transport | undefined;
  return {
    transport: async (realm, request, signal) => {
      io.beforeAsking?.();
      const { createTransport } = await import('../transport/transport.ts');
      transport ??= createTransport(session.config, { trace });
      return transport(realm, request, signal);
    },
    enctypes,
    now: () => session.io.now(),
    clockskew: session.config.libdefaults.clockskew,
    realmPath: session.config.realmPath,
    forbidsTimestamp: realm => session.config.realm(realm).disableEncryptedTimestamp,
    async *candidates(server) {
      const { hostCandidates } = await import('./host-principal.ts');
      yield* hostCandidates(server, session);
    },
    fallbackRealm: host => fallbackRealmOf(host, session),
    trace,
    signal: session.io.signal,
  };
}

/** The realm to try for a host of unknown realm; the default realm if its name has no domain. */
export async function fallbackRealmOf(host: string, session: Session): Promise<string | undefined> {
  const { fallbackRealm } = await import('../transport/fallback-realm.ts');
  const options = { trace: session.trace, signal: session.io.signal };
  return (await fallbackRealm(session.config, host, options)) ?? defaultRealmOf(session);
}
