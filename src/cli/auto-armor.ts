import type { ArmorSource } from '../client/ticket-armor.ts';
import { during } from '../local/activity.ts';
import type { ArmorWishes } from '../local/anonymous-armor.ts';
import { autoArmor as configuredArmor } from '../local/auto-armor.ts';
import type { Session } from './session.ts';

const ACTIVITY = 'getting an anonymous ticket for the armor';

/** The armor for every login to a realm with `auto_fast_armor` in krb5.conf; undefined in others. */
export function autoArmor(wishes: ArmorWishes, session: Session): Promise<ArmorSource | undefined> {
  return during(ACTIVITY, () => configuredArmor(wishes, session));
}

/** An armor that the user wants. */
export async function obtainArmor(wishes: ArmorWishes, session: Session): Promise<ArmorSource> {
  const { anonymousArmor } = await import('../local/anonymous-armor.ts');
  return during(ACTIVITY, () => anonymousArmor(wishes, session));
}
