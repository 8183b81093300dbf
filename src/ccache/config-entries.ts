import { bytesToText, textToBytes } from '../codec/text.ts';
import type { Credential } from '../messages/credential.ts';
import { NT_PRINCIPAL } from '../messages/numbers.ts';
import { formatPrincipal, isTgs, type Principal } from '../messages/principal.ts';
import type { CacheContents } from './ccache.ts';

// Configuration entries are stored among the tickets, under a server in a realm that does not exist.
const CONFIG_REALM = 'X-CACHECONF:';
const CONFIG_NAME = 'krb5_ccache_conf_data';
const START_REALM = 'start_realm';

/** Whether a credential is a configuration entry rather than a ticket. */
export function isConfigEntry(credential: Credential): boolean {
  const { realm, components } = credential.server;
  return realm === CONFIG_REALM && components[0] === CONFIG_NAME;
}

/** A configuration entry's key, such as `pa_type`. */
export function configKey(entry: Credential): string | undefined {
  return isConfigEntry(entry) ? entry.server.components[1] : undefined;
}

/** The principal, as text, that a configuration entry is about, if it is about one. */
export function configPrincipal(entry: Credential): string | undefined {
  return isConfigEntry(entry) ? entry.server.components[2] : undefined;
}

/** The entry with `value` under `key`, about `principal` or about the whole cache of `client`. */
export function configEntry(
  client: Principal,
  key: string,
  principal: Principal | undefined,
  value: Uint8Array | string,
): Credential {
  return {
    client,
    server: configServer(key, principal),
    key: { keytype: 0, keyvalue: new Uint8Array(0) },
    authtime: new Date(0),
    endtime: new Date(0),
    flags: 0,
    addresses: [],
    authorizationData: [],
    ticket: typeof value === 'string' ? textToBytes(value) : value,
    secondTicket: new Uint8Array(0),
    isSkey: false,
  };
}

/** The server under which an entry is stored. */
export function configServer(key: string, principal?: Principal): Principal {
  const about = principal === undefined ? [] : [formatPrincipal(principal)];
  return { nameType: NT_PRINCIPAL, components: [CONFIG_NAME, key, ...about], realm: CONFIG_REALM };
}

/** The value under `key` about `principal`, or about the whole cache. */
export function findConfig(
  contents: Pick<CacheContents, 'credentials'>,
  key: string,
  principal?: Principal,
): Uint8Array | undefined {
  const about = principal === undefined ? undefined : formatPrincipal(principal);
  return contents.credentials.findLast(entry => configKey(entry) === key && configPrincipal(entry) === about)
    ?.ticket;
}

/**
 * The entry about the initial ticket of a cache: the realm to start from, if it is not the client's own, as for an
 * anonymous client or a ticket of another realm.
 */
export function startRealmEntries({ client, server }: Credential): readonly Credential[] {
  const realm = server.components[1];
  if (!isTgs(server) || realm === undefined || realm === client.realm) return [];
  return [configEntry(client, START_REALM, undefined, realm)];
}

/** The realm whose ticket-granting service is asked first. */
export function startRealm(contents: CacheContents): string {
  const noted = findConfig(contents, START_REALM);
  return noted === undefined ? contents.principal.realm : bytesToText(noted);
}
