import type { CacheContents } from '../ccache/ccache.ts';
import { getInitialCredential } from '../client/initial.ts';
import { initialContents } from '../client/initial-contents.ts';
import type { Secret } from '../client/secret.ts';
import { defaultTktEnctypes } from '../config/enctypes.ts';
import type { Principal } from '../messages/principal.ts';
import { exchangeOptions } from './exchange.ts';
import { confirmedByPrimary } from './primary-kdc.ts';
import type { Session } from './session.ts';
import { ticketWishes } from './ticket-wishes.ts';

/**
 * The contents of a cache after a ticket has been obtained as krb5.conf says. Throws what `getInitialCredential` throws.
 */
export async function initialTicket(
  client: Principal,
  secret: Secret,
  session: Session,
  signal?: AbortSignal,
): Promise<CacheContents> {
  const exchange = exchangeOptions(session, defaultTktEnctypes(session.config));
  const options = { ...exchange, ...ticketWishes(session), signal: signal ?? exchange.signal };
  const result = await confirmedByPrimary(client.realm, session, (transport = options.transport) =>
    getInitialCredential(client, secret, { ...options, transport }),
  );
  return initialContents(result);
}
