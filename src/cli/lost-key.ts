import { CcacheError } from '../errors.ts';
import { ActivityError } from '../local/activity.ts';
import type { Session } from './session.ts';

/**
 * Whether the keychain has answered that it has no key for the sealed tickets, so that nothing can open them any more.
 */
export function isKeyLost(error: unknown): boolean {
  const cause = error instanceof ActivityError ? error.cause : error;
  return cause instanceof CcacheError && cause.code === 'KEYCHAIN_KEY_LOST';
}

/** Destroys the sealed tickets if their key is lost, after checking that again; calls `tell` if so. */
export async function discardLost({ caches }: Session, tell: () => void): Promise<void> {
  const { sealedStore } = await import('../ccache/sealed/store.ts');
  if (await sealedStore(caches).discardLost()) tell();
}

/** Runs `work`; if the key is lost, runs it once more after the tickets have been discarded. */
export async function pastLostKey<T>(work: () => Promise<T>, session: Session): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isKeyLost(error)) throw error;
  }
  await discardLost(session, () => {
    session.io.err('Warning: The sealed tickets are discarded: the keychain no longer has their key\n');
  });
  return work();
}
