import { statSync } from 'node:fs';
import { type CacheContents, type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { KerberosError } from '../../errors.ts';
import { ActivityError } from '../../local/activity.ts';
import { chooseDefaultCache } from '../../local/caches/default-cache.ts';
import { namedCache } from '../../local/caches/named-cache.ts';
import { cachesAround, readableContents } from '../../local/caches/named-caches.ts';
import { keychainWish } from '../../local/user/keychain.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { isCurrent } from '../cache/status.ts';
import type { Session } from '../session.ts';
import { kdcTime } from '../status/look.ts';
import { bad, type Finding, failed, good, note } from './finding.ts';

/** The state of the default cache. */
export interface CacheState {
  readonly findings: readonly Finding[];
  /** Absent if there is no readable cache. */
  readonly contents?: CacheContents;
  /** The cache's full name; absent if it could not be determined. */
  readonly name?: string;
}

/** Checks whether a keychain can keep the key of sealed caches. */
export async function checkKeychain({ io, caches }: Session): Promise<readonly Finding[]> {
  const subject = 'keychain';
  try {
    const wish = await keychainWish(io, caches.dataDirectory);
    if (wish === 'none') return [note(subject, 'none is used (KRB5KIT_KEYCHAIN)')];
    if (wish === 'passphrase') return [good(subject, 'the key is sealed by a passphrase')];
    const { describeBackends } = await import('../../ccache/keychain/open.ts');
    const backends = await describeBackends(io.env, { platform: io.platform });
    const usable = backends.find(each => each.usable && (wish === undefined || each.name === wish));
    if (usable !== undefined) return [good(subject, `${usable.name}: ${usable.reason}`)];
    const { keychainBackends } = await import('../../ccache/keychain/backends.ts');
    const foreign = keychainBackends.filter(row => !row.serves(io.platform)).map(({ name }) => name);
    const reasons = backends
      .filter(({ name }) => name === wish || !foreign.includes(name))
      .map(({ name, reason }) => `${name}: ${reason}`)
      .join('; ');
    return [note(subject, `none, so tickets are stored in a file (${reasons})`)];
  } catch (error) {
    return [failed(subject, error, io)];
  }
}

/** Checks the default cache, and whether it has a usable ticket. */
export async function checkCache(session: Session): Promise<CacheState> {
  const subject = 'cache';
  const { io } = session;
  let cache: Ccache | undefined;
  try {
    const { name, reason } = await chooseDefaultCache(session, { reading: true });
    cache = await namedCache(name, session);
    const contents = await cache.load();
    const fullName = ccacheName(cache);
    const shown = `${fullName} (${reason}) of ${formatPrincipal(contents.principal)}`;
    if (contents.truncated) {
      const text = `${shown} is truncated`;
      return { findings: [bad(subject, text, 'destroy it with kdestroy and run kinit')], name: fullName };
    }
    const finding = isCurrent(contents, kdcTime(contents, io.now()))
      ? good(subject, `${shown} has a valid ticket`)
      : bad(subject, `${shown} has no valid ticket`, `kinit ${formatPrincipal(contents.principal)}`);
    return { findings: [finding, ...modeFindings(fullName, session)], contents, name: fullName };
  } catch (error) {
    const name = cache && ccacheName(cache);
    return {
      findings: [failed(subject, error, io, { before: name === undefined ? '' : `${name}: ` })],
    };
  }
}

/** Tickets in a file that others may read can be used by them, too. */
function modeFindings(name: string, { io }: Session): readonly Finding[] {
  const path = /^(?:FILE:|DIR::)(.+)$/.exec(name)?.[1];
  if (path === undefined || io.platform === 'win32') return [];
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) === 0) return [];
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return [
    bad('cache', `other users can use the tickets in ${path}: its mode is ${octal}`, `chmod 600 ${path}`),
  ];
}

/** The other caches of the collection: they are often mistaken for the default one. */
export async function checkOtherCaches({ name }: CacheState, session: Session): Promise<readonly Finding[]> {
  try {
    const findings: Finding[] = [];
    for (const cache of (await cachesAround(undefined, session)).slice(0, MAX_CACHES)) {
      const other = ccacheName(cache);
      const contents = other === name ? undefined : await readableContents(cache);
      if (contents === undefined) continue;
      const state = isCurrent(contents, kdcTime(contents, session.io.now()))
        ? 'a valid ticket'
        : 'no valid ticket';
      findings.push(note('other cache', `${other} of ${formatPrincipal(contents.principal)} has ${state}`));
    }
    return findings;
  } catch (error) {
    // Problems of the default cache have been reported already.
    if (error instanceof ActivityError || error instanceof KerberosError) return [];
    throw error;
  }
}

/** More than anybody has; looking takes time. */
const MAX_CACHES = 50;
