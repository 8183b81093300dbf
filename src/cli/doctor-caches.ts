import { type CacheContents, type Ccache, ccacheName } from '../ccache/ccache.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { isCurrent } from './cache-status.ts';
import { chooseDefaultCache } from './default-cache.ts';
import { bad, type Finding, failed, good, note } from './doctor-finding.ts';
import { namedCache, type Session } from './session.ts';
import { keychainWish } from './user-keychain.ts';

/** What was found in the default cache. */
export interface CacheState {
  readonly findings: readonly Finding[];
  /** Absent where there is no cache that can be read. */
  readonly contents?: CacheContents;
}

/** Whether a keychain can keep the key of sealed caches. */
export async function checkKeychain({ io, caches }: Session): Promise<readonly Finding[]> {
  const subject = 'keychain';
  try {
    const wish = await keychainWish(io, caches.dataDirectory);
    if (wish === 'none') return [note(subject, 'none is wanted (KRB5KIT_KEYCHAIN)')];
    if (wish === 'passphrase') return [good(subject, 'the key is sealed by a passphrase')];
    const { describeBackends } = await import('../ccache/keychain-open.ts');
    const backends = await describeBackends(io.env, { platform: io.platform });
    const usable = backends.find(each => each.usable && (wish === undefined || each.name === wish));
    if (usable !== undefined) return [good(subject, `${usable.name}: ${usable.reason}`)];
    const reasons = backends.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
    return [note(subject, `none, so that tickets go to a file (${reasons})`)];
  } catch (error) {
    return [failed(subject, error, io)];
  }
}

/** The default cache, and whether it has a ticket that is of use. */
export async function checkCache(session: Session): Promise<CacheState> {
  const subject = 'cache';
  const { io } = session;
  let cache: Ccache | undefined;
  try {
    const { name, reason } = await chooseDefaultCache(session, { reading: true });
    cache = await namedCache(name, session);
    const contents = await cache.load();
    const shown = `${ccacheName(cache)} (${reason}) of ${formatPrincipal(contents.principal)}`;
    if (contents.truncated) {
      return { findings: [bad(subject, `${shown} breaks off`, 'destroy it with kdestroy and run kinit')] };
    }
    const finding = isCurrent(contents, io.now())
      ? good(subject, `${shown} has a ticket that is valid`)
      : bad(subject, `${shown} has no ticket that is valid`, `kinit ${formatPrincipal(contents.principal)}`);
    return { findings: [finding], contents };
  } catch (error) {
    return { findings: [failed(subject, error, io, cache === undefined ? '' : `${ccacheName(cache)}: `)] };
  }
}
