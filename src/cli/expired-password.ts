import { KerberosError } from '../errors.ts';
import type { PasswordTicket } from '../local/password.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../messages/error-codes.ts';
import { KdcError } from '../messages/krb-error.ts';
import type { Principal } from '../messages/principal.ts';
import { passwordTicket, setPassword } from './password-change.ts';
import type { Session } from './session.ts';

const TRIES = 3;
const EMPTY = 'New password cannot be zero length';

/**
 * Asks the user, whose password has expired, for a new one, and has the password server set it, as MIT's kinit does;
 * resolves to the new password, or undefined if the realm has no password server. Throws KerberosError
 * PASSWORD_NOT_CHANGED if no new password is accepted.
 */
export async function replaceExpiredPassword(
  principal: Principal,
  expired: () => Promise<string>,
  session: Session,
): Promise<string | undefined> {
  const { io } = session;
  const ticket = await ticketFor(principal, expired, session);
  if (ticket === undefined) return undefined;
  let banner = 'Password expired.  You must change it now.';
  let failure = '';
  for (let tries = 0; tries < TRIES; tries++) {
    io.out(`${banner}\n`);
    const password = await io.readPassword('Enter new password: ');
    const again = await io.readPassword('Enter it again: ');
    failure = password !== again ? 'Password mismatch' : password === '' ? EMPTY : '';
    banner = `${failure}.  Please try again.`;
    if (failure !== '') continue;
    const { changed, soft, sentence } = await setPassword(ticket, password, session);
    if (changed) return password;
    failure = 'Password change failed';
    banner = `${sentence}.  Please try again.\n`;
    if (!soft) break;
  }
  throw new KerberosError('PASSWORD_NOT_CHANGED', failure);
}

async function ticketFor(
  principal: Principal,
  expired: () => Promise<string>,
  session: Session,
): Promise<PasswordTicket | undefined> {
  try {
    return await passwordTicket(principal, expired, session);
  } catch (error) {
    if (error instanceof KdcError && error.errorCode === KDC_ERR_S_PRINCIPAL_UNKNOWN) return undefined;
    throw error;
  }
}
