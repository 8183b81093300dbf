import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { CcacheError, KerberosError } from '../../errors.ts';

/** What to try after a failure of a cache, where its name tells more than the code; else undefined. */
export function cacheHint(error: KerberosError): string | undefined {
  const { code, message } = error;
  const cache = cacheOf(error);
  if (code === 'CACHE_NOT_FOUND') return noFileHint(cache);
  if (code !== 'CACHE_IO') return undefined;
  // What is no file has neither permissions nor a disk.
  if (cache?.startsWith('KEYRING:')) return 'name another cache: see -c and KRB5CCNAME';
  return cache?.startsWith('KCM:') || message.startsWith('The KCM server ')
    ? 'see that a KCM server runs: krb5kit agent --start starts ours; or name another cache: see -c and KRB5CCNAME'
    : undefined;
}

/** Also that of what led to the failure. */
function cacheOf(error: unknown): string | undefined {
  if (error instanceof CcacheError) return error.cache;
  return error instanceof KerberosError ? cacheOf(error.cause) : undefined;
}

/** Where kinit can make no file either. */
function noFileHint(cache = ''): string | undefined {
  if (cache === 'FILE:')
    return 'give the cache a name: see -c and KRB5CCNAME, which is not to be set and empty';
  const path = /^FILE:(.+)$/.exec(cache)?.[1];
  if (path === undefined || existsSync(dirname(path))) return undefined;
  return `make the directory ${dirname(path)}, or name another cache`;
}
