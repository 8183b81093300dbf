import type { ClientKeytab } from '../client/client-keytab.ts';
import { clientKeytab } from '../local/keytabs.ts';
import type { Session } from './session.ts';

/** The user's client keytab, with which commands log in when needed, like programs with MIT's GSS-API library. */
export function clientKeytabOf(session: Session): ClientKeytab {
  const { forwardable, proxiable, ticketLifetime, renewLifetime } = session.config.libdefaults;
  return { keytab: clientKeytab(session), forwardable, proxiable, lifetime: ticketLifetime, renewLifetime };
}
