import { expect, it } from 'vitest';
import { rememberKeychain } from '../../src/ccache/keychain/remembered.ts';

/** A keychain that answers when it is told to, and counts how often it was asked. */
function slowKeychain() {
  const answers: (() => void)[] = [];
  const keychain = {
    read: () => new Promise<string>(resolve => answers.push(() => resolve('secret'))),
    write: async () => undefined,
    remove: async () => true,
  };
  return { answers, remembered: rememberKeychain(async () => keychain) };
}

async function answerTo(asked: Promise<string | undefined>, answers: (() => void)[]) {
  await new Promise(setImmediate);
  answers.at(-1)!();
  return asked;
}

it('asks once for each secret until it is forgotten', async () => {
  const { answers, remembered } = slowKeychain();
  expect(remembered.known).toBe(false);
  expect(await answerTo(remembered.read('a'), answers)).toBe('secret');
  expect(await remembered.read('a')).toBe('secret');
  expect([answers.length, remembered.known]).toEqual([1, true]);
  remembered.forget();
  expect(remembered.known).toBe(false);
  await answerTo(remembered.read('a'), answers);
  expect(answers).toHaveLength(2);
});

it('does not remember what was on its way when it was to forget', async () => {
  const { answers, remembered } = slowKeychain();
  const asked = remembered.read('a');
  await new Promise(setImmediate);
  remembered.forget();
  expect(await answerTo(asked, answers)).toBe('secret');
  expect(remembered.known).toBe(false);
  const written = remembered.write('a', 'new');
  remembered.forget();
  await written;
  expect(remembered.known).toBe(false);
  await remembered.write('a', 'new');
  expect(await remembered.read('a')).toBe('new');
});
