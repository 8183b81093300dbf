import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { orderTargets } from '../../src/transport/locate.ts';
import { describeTarget } from '../../src/transport/protocols.ts';
import { createSrvLookup, orderByChance, type SrvLookup } from '../../src/transport/srv.ts';
import { ANSWER, fakeKdc, REQUEST, replying, transportTo } from './fake-kdc.ts';

const order = (...[servers, datagramFirst]: Parameters<typeof orderTargets>): string[] =>
  orderTargets(servers, datagramFirst).map(describeTarget);

describe('the order of targets', () => {
  const servers = [
    { host: '10.0.0.1', port: 88, protocols: ['udp', 'tcp'] },
    { host: '::1', port: 88, protocols: ['tcp'] },
    { host: '10.0.0.3', port: 88, protocols: ['udp'] },
    { host: '/run/kdc', port: 0, protocols: ['unix'] },
  ] as const;

  it('is every KDC by datagram, or as it must be, then by stream', () => {
    const first = ['udp 10.0.0.1:88', 'tcp [::1]:88', 'udp 10.0.0.3:88', 'unix /run/kdc'];
    expect(order(servers, true)).toEqual([...first, 'tcp 10.0.0.1:88']);
  });

  it('is every KDC by stream, then by datagram, for a long request', () => {
    const first = ['tcp 10.0.0.1:88', 'tcp [::1]:88', 'unix /run/kdc'];
    expect(order(servers, false)).toEqual([...first, 'udp 10.0.0.1:88', 'udp 10.0.0.3:88']);
  });
});

describe('KDCs from DNS', () => {
  const record = (
    name: string,
    port: number,
    priority = 0,
    weight = 0,
  ): Awaited<ReturnType<SrvLookup>>[number] => ({
    name,
    port,
    priority,
    weight,
  });

  it('are asked for only when the profile names none', async () => {
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    const names: string[] = [];
    const lookupSrv: SrvLookup = async name => {
      names.push(name);
      return [record('127.0.0.1', kdc.port)];
    };
    await transportTo([kdc], { lookupSrv })('A.TEST', REQUEST);
    expect(names).toEqual([]);
    await transportTo([], { lookupSrv })('A.TEST', REQUEST);
    expect(names).toEqual(['_kerberos._udp.A.TEST', '_kerberos._tcp.A.TEST']);
  });

  it('are reached by the protocol of their record', async () => {
    await using kdc = await fakeKdc({ udp: () => ANSWER, tcp: replying(ANSWER) });
    const lookupSrv: SrvLookup = async name => (name.includes('_tcp') ? [record('127.0.0.1', kdc.port)] : []);
    await transportTo([], { lookupSrv })('B.TEST', REQUEST);
    expect(kdc.log).toEqual(['tcp']);
  });

  it('are no more than a realm needs', async () => {
    await using closed = await fakeKdc({});
    const lookupSrv: SrvLookup = async () =>
      Array.from({ length: 500 }, () => record('127.0.0.1', closed.port));
    const error = await transportTo([], { lookupSrv, timeout: 5 })('A.TEST', REQUEST).catch(error => error);
    expect(error).toMatchObject({ code: 'KDC_UNREACHABLE' });
    expect(error.attempts).toHaveLength(64);
  });

  it('are not asked for when dns_lookup_kdc is off', async () => {
    const transport = transportTo([], { lookupSrv: () => expect.unreachable() }, 'dns_lookup_kdc = no');
    await expect(transport('A.TEST', REQUEST)).rejects.toMatchObject({
      code: 'REALM_UNKNOWN',
      message: 'Cannot find KDC for realm "A.TEST"',
      attempts: [],
    });
  });

  it('leave DNS failures to be read', async () => {
    const lookupSrv: SrvLookup = async () => {
      throw new Error('ESERVFAIL');
    };
    await expect(transportTo([], { lookupSrv })('A.TEST', REQUEST)).rejects.toMatchObject({
      code: 'REALM_UNKNOWN',
      attempts: [
        { target: 'dns _kerberos._udp.A.TEST', reason: 'ESERVFAIL' },
        { target: 'dns _kerberos._tcp.A.TEST' },
      ],
    });
  });

  it('come by priority, and by weight within one', () => {
    const records = [record('c', 88, 2), record('light', 88, 1, 1), record('heavy', 88, 1, 9)];
    let heavyFirst = 0;
    let state = 1;
    const random = (): number => {
      state = (state * 48271) % 0x7fffffff;
      return state / 0x7fffffff;
    };
    for (let i = 0; i < 1000; i++) {
      const names = orderByChance(records, random).map(({ name }) => name);
      expect(names[2]).toBe('c');
      if (names[0] === 'heavy') heavyFirst++;
    }
    expect(heavyFirst).toBeGreaterThan(850);
    expect(heavyFirst).toBeLessThan(950);
  });

  it('are not looked for under a name that is none', async () => {
    await expect(transportTo([])('', REQUEST)).rejects.toThrow('Cannot find KDC for invalid realm name ""');
    await expect(transportTo([])('A\n', REQUEST)).rejects.toMatchObject({ code: 'REALM_UNKNOWN' });
  });

  it('complain of an address in the profile that is none, with its line', async () => {
    await expect(transportTo(['::1'])('A.TEST', REQUEST)).rejects.toMatchObject({
      code: 'CONFIG_VALUE',
      line: 5,
    });
  });
});

describe('the SRV look-up', () => {
  it('reads records from a DNS server, and none where it has none', async () => {
    const server = createSocket('udp4');
    server.on('message', (query, from) => server.send(dnsReply(query), from.port, from.address));
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const lookup = createSrvLookup([`127.0.0.1:${server.address().port}`]);
      const { signal } = new AbortController();
      expect(await lookup('_kerberos._udp.A.TEST', signal)).toMatchObject([
        { name: 'k', port: 750, priority: 1, weight: 2 },
      ]);
      expect(await lookup('none.A.TEST', signal)).toEqual([]);
    } finally {
      server.close();
    }
  });

  it('is given up when aborted', async () => {
    await using mute = await fakeKdc({ udp: () => undefined });
    const controller = new AbortController();
    const pending = createSrvLookup([`127.0.0.1:${mute.port}`])('x.test', controller.signal);
    setTimeout(() => controller.abort(), 20);
    await expect(pending).rejects.toThrow('no answer');
  });

  it('asks nobody once it is aborted', async () => {
    await using mute = await fakeKdc({ udp: () => undefined });
    const lookup = createSrvLookup([`127.0.0.1:${mute.port}`]);
    await expect(lookup('x.test', AbortSignal.abort())).rejects.toThrow('no answer');
    expect(mute.log).toEqual([]);
  });
});

/** One SRV record, priority 1, weight 2, port 750, target `k`; NXDOMAIN for a name that begins with `none`. */
function dnsReply(query: Buffer): Buffer {
  const known = query.toString('latin1', 13, 17) !== 'none';
  const questionEnd = query.indexOf(0, 12) + 5;
  const header = Buffer.from([
    query[0]!,
    query[1]!,
    0x81,
    known ? 0x80 : 0x83,
    0,
    1,
    0,
    known ? 1 : 0,
    0,
    0,
    0,
    0,
  ]);
  const record = Buffer.from([
    0xc0,
    12,
    0,
    33,
    0,
    1,
    0,
    0,
    0,
    9,
    0,
    9,
    0,
    1,
    0,
    2,
    750 >> 8,
    750 & 0xff,
    1,
    0x6b,
    0,
  ]);
  return Buffer.concat([header, query.subarray(12, questionEnd), known ? record : Buffer.alloc(0)]);
}
