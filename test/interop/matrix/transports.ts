import { expect, vi } from 'vitest';
import { startKdcProxy } from '../../support/kdcproxy.ts';
import type { Cell } from './cell.ts';
import type { Row } from './row.ts';

/** How requests get to the KDC. */
export const transports: readonly Row[] = [
  {
    name: 'UDP',
    async run(cell) {
      await cell.login('nopreauth');
      expect(ways(cell)[0]).toBe('udp');
    },
  },
  {
    name: 'TCP',
    async run(cell) {
      cell.configure('udp_preference_limit = 1');
      await cell.login('nopreauth');
      expect(ways(cell)[0]).toBe('tcp');
    },
  },
  {
    name: 'TCP, when the reply does not fit a datagram',
    needs: 'small datagrams',
    async run(cell) {
      // Under load the KDC may be asked by TCP before it has answered.
      await vi.waitFor(async () => {
        await cell.login(cell.realm.bulky);
        expect(cell.trace()).toMatch(/udp .*KRB_ERR_RESPONSE_TOO_BIG/);
      }, 30_000);
      expect(ways(cell)).toContain('tcp');
    },
  },
  {
    name: 'HTTPS, through a KDC proxy',
    program: 'gunicorn',
    async run(cell) {
      const direct = `kdc = 127.0.0.1:${cell.realm.port}`;
      const proxy = await startKdcProxy(cell.realm.name, `127.0.0.1:${cell.realm.port}`);
      try {
        const proxied = `kdc = ${proxy.url}\n    http_anchors = FILE:${proxy.anchors}`;
        cell.rewrite(profile => profile.replace(direct, proxied));
        await cell.login('alice');
        await cell.getTicket('host/localhost');
        expect(new Set(ways(cell))).toEqual(new Set(['https']));
      } finally {
        await proxy.stop();
      }
    },
  },
];

/** The transports that were tried, in their order: a KDC that is slow to answer by one is asked by another as well. */
function ways(cell: Cell): readonly string[] {
  return [...cell.trace().matchAll(/Sending \d+ bytes to (udp|tcp|https)/g)].map(([, way]) => way!);
}
