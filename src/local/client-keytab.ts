import type { ClientKeytab } from '../client/client-keytab.ts';
import { autoArmor } from './auto-armor.ts';
import { clientKeytab } from './keytabs.ts';
import type { Session } from './session.ts';
import { ticketWishes } from './ticket-wishes.ts';

/** The user's client keytab, to log in with when needed, like programs with MIT's GSS-API library. */
export function clientKeytabOf(
  session: Session,
  realm = session.config.libdefaults.defaultRealm,
): ClientKeytab {
  return {
    ...ticketWishes(session, realm),
    keytab: clientKeytab(session),
    armorFor: each => autoArmor({ realm: each }, session),
  };
}
