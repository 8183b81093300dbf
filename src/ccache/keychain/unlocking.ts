import { setTimeout as sleep } from 'node:timers/promises';
import type { SecretServiceState } from './secret-service.ts';

/** Milliseconds between two looks at the service. */
const STEP = 1000;

/**
 * Reads a secret from a locked keychain: `ask` shows the dialog to unlock it. If the keychain is unlocked elsewhere in
 * the meantime, the dialog is given up, by the signal, because nobody may answer it any more. This also helps when the
 * service is restarted, which libsecret does not notice.
 */
export async function readUnlocking(
  ask: (signal: AbortSignal) => Promise<string | undefined>,
  look: (wanted: 'state' | 'secret') => Promise<SecretServiceState>,
): Promise<string | undefined> {
  const done = new AbortController();
  try {
    return await Promise.race([ask(done.signal), waitUntilUnlocked(look, done.signal)]);
  } finally {
    done.abort();
  }
}

/** Never resolves if the signal comes first, or if only the item is locked. */
async function waitUntilUnlocked(
  look: (wanted: 'state' | 'secret') => Promise<SecretServiceState>,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (let sealed = false; !signal.aborted; ) {
    // This shows no second dialog.
    const { state } = await look('state');
    const found = state === 'unlocked' && sealed ? await look('secret') : undefined;
    if (found?.state === 'unlocked') return found.secret;
    sealed = state !== 'unlocked';
    await sleep(STEP, undefined, { signal }).catch(() => undefined);
  }
  return new Promise(() => undefined);
}
