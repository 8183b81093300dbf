import type { InitialOptions } from '../client/initial.ts';
import type { ArmorSource } from '../client/ticket-armor.ts';
import type { ArmorWishes } from './anonymous-armor.ts';
import type { Session } from './session.ts';

/** The armor for every login to a realm with `auto_fast_armor` in krb5.conf; undefined in others. */
export async function autoArmor(wishes: ArmorWishes, session: Session): Promise<ArmorSource | undefined> {
  if (!session.config.realm(wishes.realm).autoFastArmor) return undefined;
  const { anonymousArmor } = await import('./anonymous-armor.ts');
  return anonymousArmor(wishes, session);
}

/** Runs an exchange; if the KDC requires FAST and issues an anonymous ticket for it, runs it once more within FAST. */
export async function withArmor<T>(
  wishes: ArmorWishes,
  session: Session,
  options: InitialOptions,
  exchange: (options: InitialOptions) => Promise<T>,
): Promise<T> {
  try {
    return await exchange(options);
  } catch (error) {
    if (options.armor !== undefined || options.anonymous) throw error;
    const { armorAfter } = await import('./anonymous-armor.ts');
    const armor = await armorAfter(error, wishes, session);
    if (armor === undefined) throw error;
    return exchange({ ...options, armor });
  }
}
