import type { CacheContents } from '../ccache/ccache.ts';
import type { PreauthWishes } from '../client/as-state.ts';
import { getInitialCredential } from '../client/initial.ts';
import { initialContents } from '../client/initial-contents.ts';
import type { Secret } from '../client/secret.ts';
import type { TicketWishes } from '../client/ticket-wishes.ts';
import { defaultTktEnctypes } from '../config/enctypes.ts';
import type { Principal } from '../messages/principal.ts';
import { autoArmor, withArmor } from './auto-armor.ts';
import { exchangeOptions } from './exchange.ts';
import { confirmedByPrimary } from './primary-kdc.ts';
import type { Session } from './session.ts';
import { ticketWishes } from './ticket-wishes.ts';

interface Asked extends TicketWishes, Pick<PreauthWishes, 'ask' | 'pkinit'> {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The contents of a cache after a ticket has been obtained as krb5.conf says. Throws what `getInitialCredential` throws.
 */
export async function initialTicket(
  client: Principal,
  secret: Secret,
  session: Session,
  { signal, ...asked }: Asked = {},
): Promise<CacheContents> {
  const exchange = exchangeOptions(session, defaultTktEnctypes(session.config));
  const wishes = { ...ticketWishes(session, client.realm), ...given(asked) };
  const options = { ...exchange, ...wishes, signal: signal ?? exchange.signal };
  const armoring = { realm: client.realm, signal };
  const armor = asked.anonymous ? undefined : await autoArmor(armoring, session);
  const result = await confirmedByPrimary(client.realm, session, (transport = options.transport) =>
    withArmor(armoring, session, { ...options, transport, armor }, each =>
      getInitialCredential(client, secret, each),
    ),
  );
  return initialContents(result);
}

/** Without what is undefined, which would take the place of what krb5.conf says. */
function given<T extends TicketWishes>(wishes: T): Partial<T> {
  const entries = Object.entries(wishes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}
