import { resolveCcache } from '../../ccache/resolve.ts';
import { type ArmorSource, noArmorOf } from '../../client/ticket-armor.ts';
import type { Session } from '../session.ts';

/** The cache that -T names, as the armor of an exchange. Throws an error about the name in MIT's words. */
export async function openArmor(name: string, session: Session): Promise<ArmorSource> {
  try {
    return { cache: await resolveCcache(name, session.caches) };
  } catch (error) {
    throw noArmorOf(error);
  }
}
