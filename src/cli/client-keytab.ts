import type { ClientKeytab } from '../client/client-keytab.ts';
import { clientKeytab } from './keytabs.ts';
import type { Session } from './session.ts';

/** The user's client keytab, by which commands log in on need as programs of MIT's GSS-API library do. */
export function clientKeytabOf(session: Session): ClientKeytab {
  const { forwardable, proxiable, ticketLifetime, renewLifetime } = session.config.libdefaults;
  return { keytab: clientKeytab(session), forwardable, proxiable, lifetime: ticketLifetime, renewLifetime };
}
