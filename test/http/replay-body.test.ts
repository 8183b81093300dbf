import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
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

it('what has been let go is not taken for the end', async () => {
  const body = replayBody(pieces(9), 5);
  const first = body.send() as Sending;
  for (let at = 0; at < 6; at++) await first.next();
  await expect(rest(body.send())).rejects.toMatchObject({ code: 'HTTP' });
});

it('a stream that fails before it is read ends nothing but its own request', async () => {
  const stream = new Readable({ read: () => undefined });
  const body = replayBody(stream, 100);
  const sending = body.send();
  stream.destroy(new Error('gone'));
  await sleep(10);
  await expect(rest(sending)).rejects.toThrow('gone');
});

it('a stream that waits for more is destroyed in the end', async () => {
  const stream = new Readable({ read: () => undefined });
  const body = replayBody(stream, 100);
  const waiting = (body.send() as Sending).next().catch(() => undefined);
  await sleep(1);
  body.end();
  expect(stream.destroyed).toBe(true);
  await waiting;
});
