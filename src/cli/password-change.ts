import { KerberosError } from '../errors.ts';
import { during } from '../local/activity.ts';
import {
  setPassword as changeBy,
  type PasswordAnswer,
  type PasswordTicket,
  passwordTicket as ticketFor,
} from '../local/password.ts';
import type { Principal } from '../messages/principal.ts';
import { autoArmor } from './auto-armor.ts';
import type { Session } from './session.ts';
import type { Io } from './terminal.ts';

/**
 * An initial ticket of `principal` for the password server, which is issued even if the password has expired; with
 * `auto_fast_armor`, within FAST.
 */
export async function passwordTicket(
  principal: Principal,
  password: () => Promise<string>,
  session: Session,
): Promise<PasswordTicket> {
  const armor = await autoArmor({ realm: principal.realm }, session);
  return ticketFor(principal, password, session, { armor });
}

/** Asks for a new password, twice. Throws if the two differ. */
export async function newPassword(io: Io): Promise<string> {
  return during('reading password', async () => {
    const password = await io.readPassword('Enter new password: ');
    if ((await io.readPassword('Enter it again: ')) === password) return password;
    throw new KerberosError('PASSWORD_MISMATCH', 'Password mismatch');
  });
}

/** Has the password server set `password`. */
export function setPassword(
  ticket: PasswordTicket,
  password: string,
  session: Session,
): Promise<PasswordAnswer> {
  return changeBy(ticket, password, session, {
    login: (client, secret) => passwordTicket(client, secret, session),
  });
}
