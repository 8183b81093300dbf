import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Surroundings } from './surroundings.ts';

/** The directory for this user's sealed tickets and locks: KRB5KIT_HOME, else the platform's convention. */
export function dataDirectory({ env, platform }: Surroundings): string {
  if (env.KRB5KIT_HOME) return env.KRB5KIT_HOME;
  const home = homeDirectory({ env });
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'krb5kit');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'krb5kit');
  const data = env.XDG_DATA_HOME;
  return join(data?.startsWith('/') ? data : join(home, '.local', 'share'), 'krb5kit');
}

/** The user's home directory; the root directory if there is none, as in a container whose user has no name. */
export function homeDirectory({ env }: Pick<Surroundings, 'env'>): string {
  return env.HOME || homeByUserDatabase();
}

function homeByUserDatabase(): string {
  try {
    // The first fails for a user without a name, and is empty if HOME is.
    return homedir() || userInfo().homedir;
  } catch {
    return '/';
  }
}

/** The directory for temporary files, without a slash at its end. */
export function temporaryDirectory({ env, platform }: Surroundings): string {
  const named = platform === 'win32' ? (env.TEMP ?? env.TMP ?? 'C:\\Windows\\Temp') : (env.TMPDIR ?? '/tmp');
  return named.length > 1 ? named.replace(/[\\/]+$/, '') : named;
}
