import { existsSync } from 'node:fs';
import type { Ccache } from '../../ccache/ccache.ts';
import { printable } from '../../codec/text.ts';
import type { Session } from '../session.ts';
import { namedCache } from './named-cache.ts';

/** The default cache, and why it was chosen. */
interface DefaultCacheChoice {
  readonly name: string;
  /** Why, to continue a sentence. */
  readonly reason: string;
  /** Set if a plain file is used for lack of a keychain: there is none, or it fails. */
  readonly keychain?: 'absent' | 'fault';
}

/**
 * The cache where none is named: KRB5CCNAME, else `default_ccache_name`, else KEYCHAIN: if a keychain answers,
 * else MIT's FILE:/tmp/krb5cc_UID. With `reading`, a file that native tools left there is found as well.
 */
export async function defaultCache(
  session: Session,
  options: { readonly reading: boolean; readonly activity?: string },
): Promise<Ccache> {
  const { activity = 'getting default ccache' } = options;
  return namedCache(await defaultCacheName(session, options), session, activity);
}

/**
 * The name of the default cache. If tickets will be written to a plain file for lack of a keychain, the user is told
 * why: by `say` if there is none, by a warning if it fails.
 */
export async function defaultCacheName(
  session: Session,
  { reading, say }: { readonly reading: boolean; readonly say?: (line: string) => void },
): Promise<string> {
  const { name, reason, keychain } = await chooseDefaultCache(session, { reading });
  if (!reading && keychain !== undefined) {
    const line = `Tickets go to ${name}: ${reason}`;
    if (keychain === 'absent') say?.(line);
    else session.io.err(`${printable(`Warning: ${line}`)}\n`);
  }
  return name;
}

/** The default cache, and why it was chosen. */
export async function chooseDefaultCache(
  { io, config, caches }: Session,
  { reading }: { readonly reading: boolean },
): Promise<DefaultCacheChoice> {
  const { KRB5CCNAME: named } = io.env;
  // An empty value, here or in krb5.conf, means a file with an empty name, which cannot exist: a script whose variable
  // is unset loses no tickets.
  if (named !== undefined) return { name: named, reason: 'KRB5CCNAME names it' };
  const { defaultCcacheName: configured } = config.libdefaults;
  if (configured !== undefined) return { name: configured, reason: 'default_ccache_name names it' };
  const { hasSealedTickets } = await import('../../ccache/keychain/probe.ts');
  const { dataDirectory } = caches;
  // A user who wants no keychain must not be blocked by sealed tickets that cannot be opened.
  const sealed = io.env.KRB5KIT_KEYCHAIN !== 'none' && hasSealedTickets(dataDirectory);
  if (sealed) return { name: 'KEYCHAIN:', reason: 'there are sealed tickets' };
  const path = io.platform === 'win32' ? `${dataDirectory}\\krb5cc` : `${io.cacheDirectory}/krb5cc_${io.uid}`;
  // The keychain is asked only if nothing else decides, so that it costs nothing on a machine without one.
  if (reading && existsSync(path)) return { name: `FILE:${path}`, reason: 'the file exists' };
  const { probeUserKeychain } = await import('../user/keychain.ts');
  const use = await probeUserKeychain(io, dataDirectory);
  if (use.usable) {
    const { whyUnwritable } = await import('../../ccache/sealed/directory.ts');
    const reason = whyUnwritable(dataDirectory);
    if (reason === undefined) return { name: 'KEYCHAIN:', reason: 'the keychain can be used' };
    return { name: `FILE:${path}`, reason, keychain: 'fault' };
  }
  return { name: `FILE:${path}`, reason: use.reason, keychain: use.absent ? 'absent' : 'fault' };
}
