import type { Ccache } from '../ccache/ccache.ts';
import { KeytabError } from '../errors.ts';
import { keysOf } from '../keytab/find.ts';
import type { Keytab, KeytabEntry } from '../keytab/keytab.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import type { ExchangeOptions } from './options.ts';
import { type Login, refreshFrom } from './refresh.ts';
import type { ArmorSource } from './ticket-armor.ts';
import type { TicketWishes } from './ticket-wishes.ts';

/** A keytab from which a cache is filled when needed. */
export interface ClientKeytab extends TicketWishes {
  /** `defaultClientKeytabName` of the configuration is the one that MIT's library uses. */
  readonly keytab: Keytab;
  /** The client to be where there is no cache yet; the keytab's first principal if not given. */
  readonly client?: Principal | undefined;
  /** Called before a login to a realm, for an armor to protect it with; none protects it if not given. */
  readonly armorFor?: ((realm: string) => Promise<ArmorSource | undefined>) | undefined;
}

/**
 * Ensures that a cache holds a ticket-granting ticket that lasts, as MIT's GSS-API library does: if there is no cache,
 * if half of the lifetime of a ticket obtained with the keytab has passed, or if it ends within 30 seconds, it gets a
 * new one. If that fails, a cache whose ticket still lasts stays as it is. If the keytab has no suitable key, throws
 * what loading the cache throws, with the KeytabError as its cause; else what `getInitialCredential` throws. Concurrent
 * calls for the same cache, keytab and client share one exchange; those that find a ticket that lasts do not wait for it.
 */
export function refreshFromKeytab(
  cache: Ccache,
  { keytab, client, armorFor, ...wishes }: ClientKeytab,
  options: ExchangeOptions,
): Promise<void> {
  const name = ['the keys in', keytab.name, ...(client ? ['of', formatPrincipal(client)] : [])].join(' ');
  const login = (owner: Principal | undefined) => loginBy(keytab, owner ?? client);
  return refreshFrom(cache, { name, wishes, login, armorFor }, options);
}

async function loginBy(keytab: Keytab, named: Principal | undefined): Promise<Login | KeytabError> {
  const { entries, unread } = await entriesOf(keytab);
  const client = named ?? entries[0]?.principal;
  if (client !== undefined && keysOf(entries, client).length > 0)
    return { client, secret: { keytab: entries } };
  return unread ?? new KeytabError('KEYTAB_NO_KEY', `${keytab.name} contains no suitable keys`);
}

/** A missing keytab counts as one without keys. */
async function entriesOf(
  keytab: Keytab,
): Promise<{ readonly entries: readonly KeytabEntry[]; readonly unread?: KeytabError }> {
  try {
    return { entries: await keytab.entries() };
  } catch (error) {
    if (error instanceof KeytabError) return { entries: [], unread: error };
    throw error;
  }
}
