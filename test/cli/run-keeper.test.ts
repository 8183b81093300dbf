import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepTickets } from '../../src/cli/run/keeper.ts';
import { makeCredential } from '../ap/made-up.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;

/** Keeps a ticket of two hours; tells at which hours of its own another one was asked for, and whether anew. */
function keep(interval?: number) {
  const asked: { hours: number; anew: boolean | undefined }[] = [];
  const begun = performance.now();
  const supplied = () => ({
    first: { ...makeCredential(), endtime: new Date(Date.now() + 2 * HOUR) },
    others: [],
    now: new Date(),
  });
  const keeper = keepTickets(supplied(), {
    interval,
    margin: 120,
    always: false,
    now: () => new Date(),
    async refresh({ anew }) {
      asked.push({ hours: Math.round((performance.now() - begun) / HOUR), anew });
      return supplied();
    },
    failed: () => true,
    recovered: () => undefined,
  });
  return { keeper, asked };
}

it('asks for tickets when half of their life is over', async () => {
  const { keeper, asked } = keep();
  await vi.advanceTimersByTimeAsync(2.5 * HOUR);
  expect(asked).toEqual([
    { hours: 1, anew: true },
    { hours: 2, anew: true },
  ]);
  await keeper.stop();
});

it.each([[undefined], [1800]])(
  'is not misled by a clock that is set back meanwhile (interval %s)',
  async interval => {
    const { keeper, asked } = keep(interval);
    vi.setSystemTime(Date.now() - 24 * HOUR);
    await vi.advanceTimersByTimeAsync(1.1 * HOUR);
    expect(asked[0]).toMatchObject({ anew: true });
    await keeper.stop();
  },
);

it('notices a clock that is set forward', async () => {
  const { keeper, asked } = keep();
  vi.setSystemTime(Date.now() + 24 * HOUR);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
  await keeper.stop();
});

it('takes what is there for good at a look in time', async () => {
  const { keeper, asked } = keep(1800);
  await vi.advanceTimersByTimeAsync(0.6 * HOUR);
  expect(asked).toMatchObject([{ anew: false }]);
  await keeper.stop();
});
