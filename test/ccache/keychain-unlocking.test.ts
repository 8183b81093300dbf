import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { SecretServiceState } from '../../src/ccache/keychain/secret-service.ts';
import { readUnlocking } from '../../src/ccache/keychain/unlocking.ts';

const LOCKED: SecretServiceState = { state: 'locked', found: true };
const ABSENT: SecretServiceState = { state: 'absent', reason: 'no Secret Service runs in this session' };
const OPEN: SecretServiceState = { state: 'unlocked', found: true, secret: 'the secret' };

/** A dialog that is answered when that is told, and a service in one state after the other. */
function keychain(...states: readonly SecretServiceState[]) {
  const looks: string[] = [];
  let answer: (secret: string | undefined) => void = () => undefined;
  let given: AbortSignal | undefined;
  const secret = readUnlocking(
    signal => {
      given = signal;
      return new Promise(resolve => {
        answer = resolve;
      });
    },
    async wanted => {
      looks.push(wanted);
      return states[Math.min(looks.length, states.length) - 1]!;
    },
  );
  return { secret, looks, answer: (text?: string) => answer(text), signal: () => given! };
}

it('brings what the dialog brings, and looks no more', async () => {
  const { secret, looks, answer, signal } = keychain(LOCKED);
  answer('from the dialog');
  expect(await secret).toBe('from the dialog');
  expect(signal().aborted).toBe(true);
  await sleep(1200);
  expect(looks).toEqual(['state']);
});

it.each([
  ['is unlocked elsewhere', LOCKED],
  ['comes back unlocked', ABSENT],
])('gives the dialog up once the service %s', async (_, before) => {
  const { secret, looks, signal } = keychain(before, OPEN);
  expect(await secret).toBe('the secret');
  expect(looks).toEqual(['state', 'state', 'secret']);
  expect(signal().aborted).toBe(true);
});

it('leaves nothing behind at its signal while it waits', async () => {
  const { looks, answer, signal } = keychain(LOCKED);
  await expect.poll(() => looks.length).toBe(4);
  expect(getEventListeners(signal(), 'abort').length).toBeLessThan(2);
  answer();
});

it('waits for the dialog where only the item is locked', async () => {
  const { secret, looks, answer } = keychain(OPEN);
  await sleep(1200);
  answer();
  expect(await secret).toBeUndefined();
  expect(looks).toEqual(['state', 'state']);
});
