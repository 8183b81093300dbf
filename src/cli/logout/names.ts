import { existsSync, readFileSync } from 'node:fs';
import { isMemberPath, join, memberPath } from '../../ccache/dir/path.ts';
import { splitCcacheName } from '../../ccache/resolve.ts';
import { during } from '../../local/activity.ts';
import { defaultCacheName } from '../../local/caches/default-cache.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { usualCacheFiles } from '../usual-files.ts';

/** Does some work; what goes wrong in it is told, and does not keep the rest from being done. */
export type Attempt = (work: () => Promise<void>) => Promise<void>;

/**
 * The names of what a user's tickets may be in: what KRB5CCNAME names and what `default_ccache_name` does, the files that
 * native tools leave in their usual place, and collections in the kernel's keyrings; each once.
 */
export async function cacheNames(session: Session, attempt: Attempt): Promise<readonly string[]> {
  const { io, config } = session;
  const names: string[] = [];
  await attempt(() =>
    during('getting default ccache', async () => {
      names.push(await defaultCacheName(session, { reading: true }));
    }),
  );
  if (io.env.KRB5CCNAME !== undefined) {
    await attempt(() =>
      during('getting default ccache', () => {
        const configured = config.libdefaults.defaultCcacheName;
        if (configured) names.push(configured);
      }),
    );
  }
  if (io.uid !== undefined)
    names.push(...usualCacheFiles(io.cacheDirectory, io.uid).map(path => `FILE:${path}`));
  await attempt(() =>
    during('listing the keyrings of the kernel', async () => {
      // Those that are found before something goes wrong count.
      for await (const name of keyringNames(io)) names.push(name);
    }),
  );
  return [...new Set(names.map(typed).flatMap(withCollection))];
}

/** Collections in the keyring of this session, and in those of the user that outlive sessions. */
async function* keyringNames({ uid, keysFile }: Io): AsyncGenerator<string> {
  const keys = textOf(keysFile);
  if (uid === undefined || !keys.includes(' _krb')) return;
  const { lastingKeyrings, sessionCollections, userCollections } = await import(
    '../../ccache/keyring/user.ts'
  );
  const { user, persistent } = lastingKeyrings(keys, uid);
  if (persistent) yield `KEYRING:persistent:${uid}`;
  if (user) yield* await userCollections(uid);
  yield* await sessionCollections(keys, uid);
}

/** Nothing where there is no such file, as on other systems. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/**
 * For a member of a directory, the collection as well: kdestroy leaves the other members. Without `primary`, the directory
 * is none, and other files in it may have such names.
 */
function withCollection(name: string): readonly string[] {
  const { type, residual } = splitCcacheName(name);
  const path = residual.slice(1);
  if (type !== 'DIR' || !residual.startsWith(':') || !isMemberPath(path)) return [name];
  const { directory } = memberPath(path);
  return existsSync(join(directory, 'primary')) ? [name, `DIR:${directory}`] : [name];
}

function typed(name: string): string {
  const { type, residual } = splitCcacheName(name);
  return `${type}:${residual}`;
}
