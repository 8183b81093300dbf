import { memoryType } from '../ccache/memory.ts';
import type { ClientKeytab } from '../client/client-keytab.ts';
import type { ArmorSource } from '../client/ticket-armor.ts';
import { clientKeytab } from '../local/keytabs.ts';
import { ticketWishes } from '../local/ticket-wishes.ts';
import type { Session } from './session.ts';

/** The user's client keytab, with which commands log in when needed, like programs with MIT's GSS-API library. */
export function clientKeytabOf(session: Session): ClientKeytab {
  const { defaultRealm } = session.config.libdefaults;
  const armor = defaultRealm === undefined ? undefined : autoArmorIfUsed(defaultRealm, session);
  const wishes = { ...ticketWishes(session, defaultRealm), armor };
  return { ...wishes, keytab: clientKeytab(session) };
}

/** Like `autoArmor`, for a login that may not be needed: the armor's ticket is requested when it is used. */
function autoArmorIfUsed(realm: string, session: Session): ArmorSource | undefined {
  if (!session.config.realm(realm).autoFastArmor) return undefined;
  const obtain = async () => {
    const { anonymousArmor } = await import('./anonymous-armor.ts');
    const { cache } = await anonymousArmor({ realm, attributes: [] }, session);
    return cache.load();
  };
  let contents: ReturnType<typeof obtain> | undefined;
  const load = () => {
    contents ??= obtain();
    return contents;
  };
  return { cache: { ...memoryType.resolve('armor', session.caches), load } };
}
