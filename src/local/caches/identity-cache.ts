import { join } from 'node:path';
import type { Ccache } from '../../ccache/ccache.ts';
import { selectIdentity } from '../../ccache/identity.ts';
import { bytesToText } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import { readRegularFile } from '../../keytab/read-file.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { ActivityError } from '../activity.ts';
import { homeDirectory } from '../directories.ts';
import type { Session } from '../session.ts';
import { cacheOf, cachesAround, readableContents } from './named-caches.ts';

/** Nobody has that many rules. */
const MAX_FILE_BYTES = 1 << 20;

/**
 * The cache for a service: the named one, else from the default collection by the user's `.k5identity` and by the
 * service's realm, else the default one.
 */
export async function cacheForService(
  name: string | undefined,
  server: Principal,
  session: Session,
): Promise<Ccache> {
  if (name !== undefined) return cacheOf(name, session);
  const caches = await cachesAround(undefined, session);
  const { defaultRealm } = session.config.libdefaults;
  const chosen = await selectIdentity(server, caches, { rules: readRules(session), defaultRealm });
  if (chosen?.cache !== undefined) return chosen.cache;
  if (chosen === undefined || !(await anyReadable(caches))) return cacheOf(undefined, session);
  const client = formatPrincipal(chosen.client);
  const absent = new KerberosError(
    'CREDENTIAL_NOT_FOUND',
    `Can't find client principal ${client} in cache collection`,
  );
  throw new ActivityError(`choosing a cache for ${formatPrincipal(server)}`, absent);
}

function readRules({ io }: Session): string | undefined {
  try {
    const bytes = readRegularFile(join(homeDirectory(io), '.k5identity'), MAX_FILE_BYTES);
    return bytes && bytesToText(bytes);
  } catch {
    return undefined;
  }
}

async function anyReadable(caches: readonly Ccache[]): Promise<boolean> {
  for (const cache of caches) if ((await readableContents(cache)) !== undefined) return true;
  return false;
}
