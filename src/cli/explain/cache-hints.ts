import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { CcacheError, type ErrorCode, KerberosError } from '../../errors.ts';

/** Errors for a cache that has no ticket to use. */
const NO_TICKET: readonly ErrorCode[] = ['CACHE_NOT_FOUND', 'CREDENTIAL_NOT_FOUND', 'TICKET_EXPIRED'];

/** What to try after a failure of a cache, if its name says more than the code; else undefined. */
export function cacheHint(error: KerberosError): string | undefined {
  const { code, message } = error;
  if (message.startsWith('Error constructing AP-REQ armor: ') && NO_TICKET.includes(code)) {
    return 'get a ticket for the armor with kinit -c CACHE first, or use kinit --anonymous-armor';
  }
  const cache = cacheOf(error);
  if (code === 'CACHE_NOT_FOUND') return noFileHint(cache);
  if (code !== 'CACHE_IO') return undefined;
  // A cache that is not a file has neither permissions nor a disk.
  if (cache?.startsWith('KEYRING:')) return 'use another cache: see -c and KRB5CCNAME';
  if (/accept no request of/.test(message)) {
    return 'use a cache that the server does not keep, for example KEYCHAIN: or a file: see -c and KRB5CCNAME';
  }
  if (message.startsWith('Internal credentials cache error')) {
    return 'destroy caches and tickets that are not needed: SSSD limits both (max_uid_ccaches and max_ccache_size in sssd.conf)';
  }
  return cache?.startsWith('KCM:') || message.startsWith('The KCM server ')
    ? 'start a KCM server, for example with krb5kit agent --start, or use another cache: see -c and KRB5CCNAME'
    : undefined;
}

/** The cache in the error or in one of its causes. */
function cacheOf(error: unknown): string | undefined {
  if (error instanceof CcacheError) return error.cache;
  return error instanceof KerberosError ? cacheOf(error.cause) : undefined;
}

/** The hint if kinit could not create a file either. */
function noFileHint(cache = ''): string | undefined {
  if (cache === 'FILE:')
    return 'give the cache a name: see -c and KRB5CCNAME, which must not be empty if it is set';
  const path = /^FILE:(.+)$/.exec(cache)?.[1];
  if (path === undefined || existsSync(dirname(path))) return undefined;
  return `create the directory ${dirname(path)}, or use another cache`;
}
