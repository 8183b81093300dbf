import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { PrincipalEntry } from '../../kdc/database.ts';
import { namedPolicy, type PrincipalPolicy } from '../../kdc/policy.ts';
import type { DurableDatabase } from '../../kdc/store.ts';
import { during } from '../../local/activity.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import type { Io } from '../terminal.ts';

/** Asks for the new password of a principal, twice on a terminal. Throws if the two differ, and for an empty one. */
export function askNewPassword(principal: Principal, io: Io): Promise<string> {
  return during('reading password', async () => {
    const name = printable(formatPrincipal(principal));
    const password = await io.readPassword(`Enter password for ${name}: `);
    if (io.stdinIsTerminal && (await io.readPassword('Enter it again: ')) !== password) {
      throw new KerberosError('PASSWORD_MISMATCH', 'Password mismatch');
    }
    if (password === '') throw new KerberosError('PASSWORD_UNREAD', 'The password is empty');
    return password;
  });
}

/** Throws KerberosError PASSWORD_NOT_CHANGED if a principal's policy does not allow this password. */
export async function checkPassword(
  password: string,
  entry: PrincipalEntry,
  database: DurableDatabase,
): Promise<void> {
  const { passwordFault } = await import('../../kdc/password-quality.ts');
  const fault = passwordFault(
    password,
    entry,
    namedPolicy(database.realm(entry.principal.realm), entry.policy),
  );
  if (fault !== undefined) throw new KerberosError('PASSWORD_NOT_CHANGED', fault.replace(/\.$/, ''));
}

/** The changes in a policy when the password changes. */
export function passwordDates(
  policy: PrincipalPolicy,
  realm: string,
  database: DurableDatabase,
  now: Date,
): Pick<PrincipalPolicy, 'passwordChanged' | 'passwordExpiration'> {
  const { maxPasswordLife } = namedPolicy(database.realm(realm), policy);
  return {
    passwordChanged: now,
    passwordExpiration:
      maxPasswordLife === undefined ? undefined : new Date(now.getTime() + maxPasswordLife * 1000),
  };
}
