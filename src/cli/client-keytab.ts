import type { ClientKeytab } from '../client/client-keytab.ts';
import { clientKeytab } from '../local/keytabs.ts';
import { ticketWishes } from '../local/ticket-wishes.ts';
import type { Session } from './session.ts';

/** The user's client keytab, with which commands log in when needed, like programs with MIT's GSS-API library. */
export function clientKeytabOf(session: Session): ClientKeytab {
  return { ...ticketWishes(session, session.config.libdefaults.defaultRealm), keytab: clientKeytab(session) };
}
