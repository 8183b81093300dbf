import { existsSync } from 'node:fs';
import type { Ccache } from '../ccache/ccache.ts';
import { namedCache, type Session } from './session.ts';

/**
 * The cache of a command that names none: KRB5CCNAME, else `default_ccache_name`, else KEYCHAIN: where a keychain
 * answers, else MIT's FILE:/tmp/krb5cc_UID. `reading`, a file that native tools left there is found as well.
 */
export async function defaultCache(
  session: Session,
  options: { readonly reading: boolean; readonly activity?: string },
): Promise<Ccache> {
  const { activity = 'getting default ccache' } = options;
  return namedCache(await defaultCacheName(session, options), session, activity);
}

/** The name of the default cache. */
export async function defaultCacheName(
  { io, config, caches }: Session,
  { reading }: { readonly reading: boolean },
): Promise<string> {
  const configured = io.env.KRB5CCNAME || config.libdefaults.defaultCcacheName;
  if (configured) return configured;
  const { hasSealedTickets, probeKeychain } = await import('../ccache/probe.ts');
  if (hasSealedTickets(caches.dataDirectory)) return 'KEYCHAIN:';
  const path =
    io.platform === 'win32' ? `${caches.dataDirectory}\\krb5cc` : `${io.cacheDirectory}/krb5cc_${io.uid}`;
  // The keychain is asked only where nothing else decides, so that a machine without one pays nothing.
  const keychain = !(reading && existsSync(path)) && (await probeKeychain(io.env, io.platform)).usable;
  return keychain ? 'KEYCHAIN:' : `FILE:${path}`;
}
