import { EndOfDataError } from '../../codec/binary.ts';
import { CcacheError } from '../../errors.ts';
import type { Credential } from '../../messages/credential.ts';
import type { Principal } from '../../messages/principal.ts';
import type { CacheContents } from '../ccache.ts';
import type { CacheHead } from '../head.ts';
import type { KcmConnection } from './connection.ts';
import { KcmFailure } from './failure.ts';
import { orElse, unlessGone } from './fallback.ts';
import { MATCH } from './match.ts';
import { KCM } from './protocol.ts';

// Reading from a cache of a server.

/** The contents of a cache. Throws CcacheError CACHE_NOT_FOUND. */
export async function load(kcm: KcmConnection, name: string): Promise<CacheContents> {
  return { ...(await headOf(kcm, name)), credentials: await allCredentials(kcm, name) };
}

/** The same with the first credential that it holds for each server. */
export async function loadFor(
  kcm: KcmConnection,
  name: string,
  servers: readonly Principal[],
): Promise<CacheContents> {
  const head = await headOf(kcm, name);
  const credentials = await orElse(
    () => retrieveAll(kcm, name, { client: head.principal, servers }),
    () => allCredentials(kcm, name),
  );
  return { ...head, credentials };
}

async function headOf(kcm: KcmConnection, name: string): Promise<CacheHead> {
  const principal = await principalOf(kcm, name);
  const { offset } = await kcm.call(KCM.GET_KDC_OFFSET, { name });
  return { principal, kdcOffset: offset === 0 ? undefined : offset * 1000 };
}

async function retrieveAll(
  kcm: KcmConnection,
  name: string,
  { client, servers }: { readonly client: Principal; readonly servers: readonly Principal[] },
): Promise<readonly Credential[]> {
  const credentials: Credential[] = [];
  for (const server of servers) {
    const tag = { client, server, authtime: NEVER, endtime: NEVER, isSkey: false, flags: 0 };
    const found = await unlessGone(() => kcm.call(KCM.RETRIEVE, { name, flags: MATCH.CACHED_ONLY, tag }));
    if (found !== undefined) credentials.push(found.credential);
  }
  return credentials;
}

/** Where times are not compared. */
const NEVER = new Date(0);

function allCredentials(kcm: KcmConnection, name: string): Promise<readonly Credential[]> {
  return orElse(
    async () => (await kcm.call(KCM.GET_CRED_LIST, { name })).credentials,
    () => credentialsOneByOne(kcm, name),
  );
}

async function credentialsOneByOne(kcm: KcmConnection, name: string): Promise<readonly Credential[]> {
  const { uuids } = await kcm.call(KCM.GET_CRED_UUID_LIST, { name });
  const credentials: Credential[] = [];
  for (const uuid of uuids) {
    const found = await unlessGone(() => kcm.call(KCM.GET_CRED_BY_UUID, { name, uuid }));
    if (found !== undefined) credentials.push(found.credential);
  }
  return credentials;
}

/** Throws CcacheError CACHE_NOT_FOUND. */
async function principalOf(kcm: KcmConnection, name: string): Promise<CacheContents['principal']> {
  try {
    return (await kcm.call(KCM.GET_PRINCIPAL, { name })).principal;
  } catch (error) {
    // For a cache that does not exist, SSSD answers with success and no data.
    const absent =
      error instanceof KcmFailure ? error.code === 'CACHE_NOT_FOUND' : error instanceof EndOfDataError;
    if (!absent) throw error;
    const cache = `KCM:${name}`;
    throw new CcacheError('CACHE_NOT_FOUND', `Credentials cache '${cache}' not found`, cache, {
      cause: error,
    });
  }
}

/** Whether there is no such cache. */
export async function isUninitialized(kcm: KcmConnection, name: string): Promise<boolean> {
  try {
    await principalOf(kcm, name);
    return false;
  } catch (error) {
    if (error instanceof CcacheError && error.code === 'CACHE_NOT_FOUND') return true;
    throw error;
  }
}
