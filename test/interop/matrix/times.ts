import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ListedTicket } from './listing.ts';
import type { Row } from './row.ts';

const HOUR = 3600;

/** Lifetimes, renewal, postdating, and clocks that differ. */
export const times: readonly Row[] = [
  {
    name: 'lifetime (kinit -l)',
    async run(cell) {
      expectLife((await cell.login('-l 1h alice')).tickets[0]!, HOUR);
    },
  },
  {
    name: 'lifetime cut to what is allowed',
    async run(cell) {
      expectLife((await cell.login('-l 3d alice')).tickets[0]!, 10 * HOUR);
    },
  },
  {
    name: 'renewable ticket, renewed (kinit -r, -R)',
    async run(cell) {
      const [old] = (await cell.login('-l 1h -r 2d alice')).tickets;
      expect(old!.flags).toContain('R');
      await cell.getTicket('host/localhost');
      await sleep(1100);
      const { tickets } = await cell.login('-R');
      expect(tickets).toHaveLength(1);
      expect(tickets[0]!.start > old!.start).toBe(true);
      expect(tickets[0]).toMatchObject({ server: old!.server, renewTill: old!.renewTill });
      await cell.getTicket('host/localhost');
    },
  },
  {
    name: 'postdated ticket, validated (kinit -s, -v)',
    needs: 'postdating',
    async run(cell) {
      expect((await cell.login('-s 2s alice')).tickets[0]!.flags).toMatch(/d.*i/);
      await sleep(2500);
      expect((await cell.login('-v')).tickets[0]!.flags).not.toContain('i');
      await cell.getTicket('host/localhost');
    },
  },
  ...[-600, 600].map(
    (ahead): Row => ({
      name: `clock ${Math.abs(ahead) / 60} minutes ${ahead < 0 ? 'behind' : 'ahead'}, learnt from the KDC`,
      async run(cell) {
        cell.setClockAhead(ahead);
        await cell.login('alice');
        await cell.getTicket('host/localhost');
      },
    }),
  ),
];

/** The time at which the client asks may be another second than that at which the KDC answers. */
function expectLife({ start, end }: ListedTicket, seconds: number): void {
  const life = (end.getTime() - start.getTime()) / 1000;
  expect(life).toBeLessThanOrEqual(seconds);
  expect(life).toBeGreaterThan(seconds - 60);
}
