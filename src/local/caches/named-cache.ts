import type { Ccache } from '../../ccache/ccache.ts';
import { resolveCcache } from '../../ccache/resolve.ts';
import { ActivityError } from '../activity.ts';
import type { Session } from '../session.ts';

/** A cache by its name; `activity` is what it is needed for, for errors. */
export async function namedCache(
  name: string,
  session: Session,
  activity = `resolving ccache ${name}`,
): Promise<Ccache> {
  try {
    return await resolveCcache(name, session.caches);
  } catch (error) {
    throw new ActivityError(activity, error);
  }
}
