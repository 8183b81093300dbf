import { expect, it } from 'vitest';
import { replayBody } from '../../src/http/replay-body.ts';

async function* pieces(count: number): AsyncGenerator<string> {
  for (let at = 0; at < count; at++) yield `${at} `;
}

type Sending = AsyncGenerator<string>;

async function rest(sending: unknown): Promise<string> {
  let text = '';
  for await (const piece of sending as Sending) text += piece;
  return text;
}

it('a body that is read piece by piece is sent whole, however much has been sent before', async () => {
  const body = replayBody(pieces(5), 100);
  const first = body.send() as Sending;
  for (let at = 0; at < 3; at++) await first.next();
  expect(await rest(body.send())).toBe('0 1 2 3 4 ');
  expect([body.replayable, await rest(body.send())]).toEqual([true, '0 1 2 3 4 ']);
});

it('a sending that is broken off takes nothing from the next one, which may be longer than is held', async () => {
  const body = replayBody(pieces(9), 5);
  const first = body.send() as Sending;
  await first.next();
  expect(body.replayable).toBe(true);
  const waiting = first.next();
  expect(await rest(body.send())).toBe('0 1 2 3 4 5 6 7 8 ');
  expect([await waiting, body.replayable]).toEqual([{ done: true, value: undefined }, false]);
});

it('a source that fails is an error, and is not read again', async () => {
  async function* failing(): AsyncGenerator<string> {
    yield 'begun';
    throw new Error('no more');
  }
  const body = replayBody(failing(), 100);
  await expect(rest(body.send())).rejects.toThrow('no more');
  expect(body.replayable).toBe(false);
});

it('what has not been read is let go', async () => {
  let open = true;
  async function* source(): AsyncGenerator<string> {
    try {
      yield* pieces(9);
    } finally {
      open = false;
    }
  }
  const body = replayBody(source(), 100);
  await (body.send() as Sending).next();
  body.end();
  await expect.poll(() => open).toBe(false);
});
