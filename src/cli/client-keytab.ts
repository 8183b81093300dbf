import type { ClientKeytab } from '../client/client-keytab.ts';
import { clientKeytab } from '../local/keytabs.ts';
import { ticketWishes } from '../local/ticket-wishes.ts';
import type { Session } from './session.ts';

/** The user's client keytab, with which commands log in when needed, like programs with MIT's GSS-API library. */
export function clientKeytabOf(session: Session): ClientKeytab {
  return {
    ...ticketWishes(session, session.config.libdefaults.defaultRealm),
    keytab: clientKeytab(session),
    // Not `autoArmor`, whose errors are for users: whether old tickets are kept depends on what has gone wrong.
    async armorFor(realm) {
      if (!session.config.realm(realm).autoFastArmor) return undefined;
      const { anonymousArmor } = await import('./anonymous-armor.ts');
      return anonymousArmor({ realm, attributes: [] }, session);
    },
  };
}
