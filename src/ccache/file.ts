import { lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EndOfDataError } from '../codec/binary.ts';
import { errnoOf } from '../errno.ts';
import { CcacheError } from '../errors.ts';
import { readRegularFile } from '../keytab/read-file.ts';
import type { Credential } from '../messages/credential.ts';
import { type Principal, samePrincipal } from '../messages/principal.ts';
import { wipeAndRemove, writeAtomically } from './atomic-write.ts';
import type { CacheContents, CacheScan, Ccache, CcacheEnvironment, CcacheType } from './ccache.ts';
import { badFormat, cacheError, fileError } from './file/error.ts';
import { CcacheFile, MAX_CACHE_BYTES } from './file/format.ts';
import { hasLeftovers, removeLeftovers } from './leftovers.ts';
import { type LockOptions, prepareLock, withLock } from './lock.ts';
import { mergeCredentials } from './match.ts';

/** A longer file is not read as a whole if it is only scanned. */
const LONG = 1 << 18;

/** Caches in files that the native Kerberos libraries read and write, too. */
export const fileType: CcacheType = { name: 'FILE', resolve: fileCcache };

function fileCcache(path: string, environment: CcacheEnvironment): Ccache {
  // Every change is made under the lock: otherwise a cache initialized or destroyed meanwhile would come back.
  const locked = <T>(work: () => T): Promise<T> => withFileLocked(path, environment, work);
  return {
    type: 'FILE',
    residual: path,
    async load() {
      return read(path);
    },
    async loadFor(servers) {
      return (isLong(path) ? await readFor(path, servers) : undefined) ?? read(path);
    },
    prepare() {
      lockSubject(path);
      prepareLock();
    },
    async scan(use) {
      return isLong(path) ? scan(path, use) : use(scanOf(path));
    },
    initialize(contents) {
      return locked(() => write(path, contents));
    },
    store(credentials, now) {
      return locked(() => {
        const contents = read(path);
        write(path, { ...contents, credentials: mergeCredentials(contents.credentials, credentials, now) });
      });
    },
    remove(matches) {
      return locked(() => {
        const contents = read(path);
        const kept = contents.credentials.filter(credential => !matches(credential));
        const count = contents.credentials.length - kept.length;
        if (count > 0) write(path, { ...contents, credentials: kept });
        return count;
      });
    },
    async destroy() {
      if (!hasLeftovers(path)) checkThere(path);
      await locked(() => {
        removeLeftovers(path, false);
        wipeAndRemove(path);
      });
    },
  };
}

/**
 * Does `work`, which writes or removes the file at `path`, while no other process of ours does; leftovers of a killed
 * process are wiped before. Throws as withLock does.
 */
export function withFileLocked<T>(
  path: string,
  { dataDirectory }: CcacheEnvironment,
  work: () => T,
  options?: LockOptions,
): Promise<T> {
  const tidyAndWork = async (afterCrash: boolean): Promise<T> => {
    if (afterCrash) removeLeftovers(path, afterCrash);
    return work();
  };
  return withLock(dataDirectory, lockSubject(path), tidyAndWork, options);
}

/** Avoids creating a directory for locks if there is nothing to lock. */
function checkThere(path: string): void {
  try {
    lstatSync(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

function isLong(path: string): boolean {
  try {
    return statSync(path).size > LONG;
  } catch {
    return false;
  }
}

async function scan<T>(path: string, use: (scan: CacheScan) => Promise<T>): Promise<T> {
  const { openScan } = await import('./file/scan.ts');
  const opened = openScan(path);
  if (opened === undefined) return use(scanOf(path));
  try {
    return await use(opened);
  } finally {
    opened.close();
  }
}

/** Undefined for what only `read` can read. */
async function readFor(path: string, servers: readonly Principal[]): Promise<CacheContents | undefined> {
  const { openScan } = await import('./file/scan.ts');
  const opened = openScan(path);
  if (opened === undefined) return undefined;
  try {
    const { principal, kdcOffset } = opened;
    const credentials: Credential[] = [];
    for (const credential of servers.length === 0 ? [] : opened.credentials) {
      if (servers.some(server => samePrincipal(server, credential.server)))
        credentials.push(credential.copy());
    }
    return { principal, kdcOffset, credentials };
  } catch (error) {
    if (error instanceof CcacheError) return undefined;
    throw error;
  } finally {
    opened.close();
  }
}

function scanOf(path: string): CacheScan {
  const contents = read(path);
  if (contents.damaged !== true) return contents;
  return { principal: contents.principal, credentials: upToDamage(contents.credentials, path) };
}

function* upToDamage(credentials: readonly Credential[], path: string): Generator<Credential> {
  yield* credentials;
  throw badFormat(path);
}

function read(path: string): CacheContents {
  let size = 0;
  try {
    const bytes = readRegularFile(path, MAX_CACHE_BYTES);
    if (bytes === undefined) throw badFormat(path);
    size = bytes.length;
    return CcacheFile.decode(bytes);
  } catch (error) {
    throw readError(error, path, size);
  }
}

function readError(error: unknown, path: string, size: number): CcacheError {
  if (error instanceof CcacheError && error.cache === undefined) {
    return cacheError(error.code, error.message, path, { cause: error });
  }
  // The native library says so when the bytes of the principal end.
  if (error instanceof EndOfDataError && error.path[0] === 'principal' && error.wanted <= size) {
    return cacheError('CACHE_FORMAT', 'End of credential cache reached', path, { cause: error });
  }
  const code = errnoOf(error);
  if (code === 'CODEC' || code === 'EISDIR') {
    return badFormat(path, error);
  }
  return fileError(error, path);
}

/** Does not wait for the disk: after a power failure, new tickets are available, and a broken file is replaced. */
function write(path: string, contents: CacheContents): void {
  const bytes = CcacheFile.encode(contents);
  // With it, all the others could not be read again.
  if (bytes.length > MAX_CACHE_BYTES)
    throw cacheError('CACHE_IO', 'No room for more tickets in the cache', path);
  writeAtomically(path, bytes);
}

/** One name for the cache, however its path is written; a link to it is a different cache, as it is for rename. */
function lockSubject(path: string): string {
  let absolute = path;
  try {
    // Fails for a relative path if the working directory has been removed.
    absolute = resolve(path);
    return join(realpathSync(dirname(absolute)), basename(absolute));
  } catch {
    return absolute;
  }
}
