import type { ArmorSource } from '../client/ticket-armor.ts';
import { during } from '../local/activity.ts';
import type { ArmorWishes } from './anonymous-armor.ts';
import type { Session } from './session.ts';

/** The armor for every login to a realm with `auto_fast_armor` in krb5.conf; undefined in others. */
export async function autoArmor(wishes: ArmorWishes, session: Session): Promise<ArmorSource | undefined> {
  return session.config.realm(wishes.realm).autoFastArmor ? obtainArmor(wishes, session) : undefined;
}

/** An armor that the user wants. */
export async function obtainArmor(wishes: ArmorWishes, session: Session): Promise<ArmorSource> {
  const { anonymousArmor } = await import('./anonymous-armor.ts');
  return during('getting an anonymous ticket for the armor', () => anonymousArmor(wishes, session));
}
