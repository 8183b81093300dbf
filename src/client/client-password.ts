import type { Ccache } from '../ccache/ccache.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import type { ExchangeOptions } from './options.ts';
import { refreshFrom, type TicketSource } from './refresh.ts';
import type { TicketWishes } from './ticket-wishes.ts';

/** A password with which a cache is filled when needed. */
export interface ClientPassword extends TicketWishes {
  readonly client: Principal;
  /** Called for each login; a program that asks its user remembers the answer. */
  readonly password: () => Promise<string>;
  /** As for `ClientKeytab`. */
  readonly armorFor?: TicketSource['armorFor'];
}

/**
 * Ensures that a cache, which is to be used for `client` alone, holds a ticket-granting ticket that lasts: it does what
 * `refreshFromKeytab` does, with a password. Throws what `getInitialCredential` throws, CcacheError, and KerberosError
 * CREDENTIAL_NOT_FOUND for a cache with somebody else's tickets.
 */
export function refreshFromPassword(
  cache: Ccache,
  { client, password, armorFor, ...wishes }: ClientPassword,
  options: ExchangeOptions,
): Promise<void> {
  const name = `the password of ${formatPrincipal(client)}`;
  const login = async () => ({ client, secret: { password } });
  return refreshFrom(cache, { name, client, wishes, login, armorFor }, options);
}
