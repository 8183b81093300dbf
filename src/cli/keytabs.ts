import { type Keytab, resolveKeytab } from '../keytab/keytab.ts';
import { ActivityError } from './command.ts';
import type { Session } from './session.ts';

/** The keytab of services: KRB5_KTNAME, else `default_keytab_name`, else MIT's default. */
export function defaultKeytab(session: Session): Keytab {
  const { io, config } = session;
  return namedKeytab(io.env.KRB5_KTNAME || config.libdefaults.defaultKeytabName || 'FILE:/etc/krb5.keytab');
}

/** The keytab of clients: KRB5_CLIENT_KTNAME, else `default_client_keytab_name`, else MIT's default on Debian. */
export function clientKeytab(session: Session): Keytab {
  const { io, config } = session;
  const fallback = `FILE:/etc/krb5/user/${io.uid}/client.keytab`;
  return namedKeytab(io.env.KRB5_CLIENT_KTNAME || config.libdefaults.defaultClientKeytabName || fallback);
}

/** A keytab by its name; `joint` is the word before the activity in an error. */
export function namedKeytab(name: string, joint?: string): Keytab {
  try {
    return resolveKeytab(name);
  } catch (error) {
    throw new ActivityError(`resolving keytab ${name}`, error, joint);
  }
}
