import type { CacheContents } from '../ccache/ccache.ts';
import { exchangeOptions } from '../cli/exchange.ts';
import { confirmedByPrimary } from '../cli/primary-kdc.ts';
import type { Session } from '../cli/session.ts';
import { getInitialCredential } from '../client/initial.ts';
import { initialContents } from '../client/initial-contents.ts';
import { defaultTktEnctypes } from '../config/enctypes.ts';
import type { Principal } from '../messages/principal.ts';
import { ticketWishes } from './ticket-wishes.ts';

/**
 * The contents of a cache after a ticket has been obtained with a password. Throws what `getInitialCredential` throws.
 */
export async function ticketByPassword(
  client: Principal,
  password: string,
  session: Session,
): Promise<CacheContents> {
  const exchange = exchangeOptions(session, defaultTktEnctypes(session.config));
  const options = { ...exchange, ...ticketWishes(session) };
  const secret = { password: async () => password };
  const result = await confirmedByPrimary(client.realm, session, (transport = options.transport) =>
    getInitialCredential(client, secret, { ...options, transport }),
  );
  return initialContents(result);
}
