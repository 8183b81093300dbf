import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Fact, Trace } from '../../src/trace.ts';
import type { SrvLookup } from '../../src/transport/srv.ts';
import {
  ANSWER,
  fakeKdc,
  framed,
  krbError,
  onRequest,
  REQUEST,
  replying,
  silent,
  transportTo,
} from './fake-kdc.ts';

describe('a transport', () => {
  it('asks the first KDC by one datagram', async () => {
    await using kdc = await fakeKdc({
      udp: request => (request.equals(REQUEST) ? ANSWER : undefined),
      tcp: silent,
    });
    expect(Buffer.from(await transportTo([kdc])('A.TEST', REQUEST)).equals(ANSWER)).toBe(true);
    expect(kdc.log).toEqual(['udp']);
  });

  it('asks by stream first when the request is longer than udp_preference_limit', async () => {
    await using kdc = await fakeKdc({ udp: () => ANSWER, tcp: replying(ANSWER) });
    expect(await transportTo([kdc], {}, 'udp_preference_limit = 2')('A.TEST', REQUEST)).toEqual(
      Buffer.from(ANSWER),
    );
    expect(kdc.log).toEqual(['tcp']);
  });

  it('asks by datagram after all when the stream is refused', async () => {
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    expect(await transportTo([kdc], {}, 'udp_preference_limit = 2')('A.TEST', REQUEST)).toEqual(
      Buffer.from(ANSWER),
    );
  });

  it('repeats over TCP at once when the reply does not fit into a datagram', async () => {
    await using other = await fakeKdc({ udp: () => ANSWER });
    await using kdc = await fakeKdc({ udp: () => krbError(52), tcp: replying(ANSWER) });
    await transportTo([kdc, other])('A.TEST', REQUEST);
    expect(kdc.log).toEqual(['udp', 'tcp']);
    expect(other.log).toEqual([]);
  });

  it('passes other errors of the KDC on', async () => {
    await using kdc = await fakeKdc({ udp: () => krbError(25) });
    expect(await transportTo([kdc])('A.TEST', REQUEST)).toEqual(Buffer.from(krbError(25)));
  });

  it('goes on at once from a KDC that refuses', async () => {
    await using closed = await fakeKdc({});
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    await transportTo([closed, kdc])('A.TEST', REQUEST);
    expect(kdc.log).toEqual(['udp']);
  });

  it('tries the next KDC after a while of silence', async () => {
    await using mute = await fakeKdc({ udp: silent, tcp: silent });
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    await transportTo([mute, kdc], { stagger: 0.05 })('A.TEST', REQUEST);
    expect(mute.log).toEqual(['udp']);
  });

  it('still takes the answer of a slow KDC after it went on', async () => {
    let goOn = (): void => undefined;
    const wentOn = new Promise<void>(resolve => {
      goOn = resolve;
    });
    await using mute = await fakeKdc({ udp: () => void goOn(), tcp: silent });
    await using slow = await fakeKdc({
      tcp: socket => onRequest(socket, () => void wentOn.then(() => socket.write(framed(ANSWER)))),
    });
    const transport = transportTo([`tcp/127.0.0.1:${slow.port}`, mute], { stagger: 0.05 });
    expect(await transport('A.TEST', REQUEST)).toEqual(Buffer.from(ANSWER));
  });

  it('sends a datagram again to a silent KDC', async () => {
    await using kdc = await fakeKdc({ udp: (_, count) => (count === 3 ? ANSWER : undefined) });
    await transportTo([`udp/127.0.0.1:${kdc.port}`], { resendAfter: [0.02, 0.04] })('A.TEST', REQUEST);
    expect(kdc.log).toEqual(['udp', 'udp', 'udp']);
  });

  it('tries the KDC that answered first the next time, the way that worked', async () => {
    await using busy = await fakeKdc({ udp: () => krbError(29), tcp: replying(krbError(29)) });
    await using kdc = await fakeKdc({ tcp: replying(ANSWER) });
    const transport = transportTo([busy, kdc]);
    await transport('A.TEST', REQUEST);
    busy.log.length = 0;
    await transport('A.TEST', REQUEST);
    expect(busy.log).toEqual([]);
    expect(kdc.log).toEqual(['tcp', 'tcp']);
  });

  it('resolves the names of KDCs', async () => {
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    expect(await transportTo([`localhost:${kdc.port}`])('A.TEST', REQUEST)).toEqual(Buffer.from(ANSWER));
  });

  it.each([
    ['garbage', Uint8Array.of(1, 2, 3), 'the reply is not from a KDC'],
    ['an empty datagram', new Uint8Array(), 'the reply is not from a KDC'],
    ['a broken KRB-ERROR', Uint8Array.of(0x7e, 1), /^the reply is not a KRB-ERROR/],
    ['KDC_ERR_SVC_UNAVAILABLE', krbError(29), 'KDC_ERR_SVC_UNAVAILABLE'],
  ])('takes the answer of another KDC over %s', async (_, reply, reason) => {
    await using broken = await fakeKdc({ udp: () => reply });
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    expect(await transportTo([broken, kdc])('A.TEST', REQUEST)).toEqual(Buffer.from(ANSWER));
    await expect(
      transportTo([`udp/127.0.0.1:${broken.port}`], { timeout: 60 })('A.TEST', REQUEST),
    ).rejects.toMatchObject({
      code: 'KDC_UNREACHABLE',
      attempts: [{ reason: typeof reason === 'string' ? reason : expect.stringMatching(reason) }],
    });
  });

  it('lists every attempt when none succeeds', async () => {
    await using mute = await fakeKdc({ udp: silent });
    await using closed = await fakeKdc({});
    const transport = transportTo(
      [mute, closed, `https://127.0.0.1:${closed.port}/KdcProxy`, '/nonexistent/socket'],
      { stagger: 0.05, patience: 0.05, timeout: 3 },
    );
    await expect(transport('A.TEST', REQUEST)).rejects.toMatchObject({
      code: 'KDC_UNREACHABLE',
      message: "Cannot contact any KDC for realm 'A.TEST'",
      realm: 'A.TEST',
      attempts: [
        { target: `udp 127.0.0.1:${mute.port}`, reason: 'no answer', undelivered: false },
        {
          target: `udp 127.0.0.1:${closed.port}`,
          reason: expect.stringContaining('ECONNREFUSED'),
          undelivered: true,
        },
        {
          target: `https://127.0.0.1:${closed.port}/KdcProxy`,
          reason: expect.stringContaining('ECONNREFUSED'),
          undelivered: true,
        },
        { target: 'unix /nonexistent/socket', reason: expect.stringContaining('ENOENT'), undelivered: true },
        {
          target: `tcp 127.0.0.1:${mute.port}`,
          reason: expect.stringContaining('ECONNREFUSED'),
          undelivered: true,
        },
        {
          target: `tcp 127.0.0.1:${closed.port}`,
          reason: expect.stringContaining('ECONNREFUSED'),
          undelivered: true,
        },
      ],
    });
  });

  it('ends within its time against silence', async () => {
    await using mute = await fakeKdc({ udp: silent, tcp: silent });
    const transport = transportTo([mute], { patience: 0.05, timeout: 0.15 });
    const ended = expect(transport('A.TEST', REQUEST)).rejects.toMatchObject({
      code: 'KDC_UNREACHABLE',
      attempts: [{ reason: 'no answer' }, { reason: 'no answer' }],
    });
    // A busy machine holds up both.
    expect(await Promise.race([ended, sleep(1000, 'too late')])).not.toBe('too late');
  });

  it('says nothing on the console with many silent KDCs', async () => {
    await using mute = await fakeKdc({ udp: silent, tcp: silent });
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    const quickly = { stagger: 0.002, patience: 0.002, timeout: 2 };
    const transport = transportTo(Array<typeof mute>(12).fill(mute), quickly);
    await expect(transport('A.TEST', REQUEST)).rejects.toMatchObject({ attempts: { length: 24 } });
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('tries another KDC at once, and a silent one by another protocol only after a while', async () => {
    await using mute = await fakeKdc({ udp: silent, tcp: silent });
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    const started = performance.now();
    await transportTo([mute, kdc], { stagger: 0.01, patience: 30 })('A.TEST', REQUEST);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect([mute.log, kdc.log]).toEqual([['udp'], ['udp']]);
  });

  it('sends no datagram to a KDC that is at work on the request over a stream', async () => {
    await using kdc = await fakeKdc({ udp: () => ANSWER, tcp: silent });
    const timing = { stagger: 0.05, patience: 0.05, timeout: 0.5 };
    const transport = transportTo([kdc], timing, 'udp_preference_limit = 2');
    await expect(transport('A.TEST', REQUEST)).rejects.toMatchObject({ code: 'KDC_UNREACHABLE' });
    expect(kdc.log).toEqual(['tcp']);
  });

  it('sends no datagram again as long as the KDC has the request over a stream', async () => {
    const timing = { patience: 0.05, resendAfter: [1.5, 0.1, 0.1], timeout: 4 };
    await using held = await fakeKdc({ udp: silent, tcp: silent });
    await using cut = await fakeKdc({ udp: silent, tcp: socket => socket.destroy() });
    await Promise.all(
      [held, cut].map(kdc => expect(transportTo([kdc], timing)('A.TEST', REQUEST)).rejects.toThrow()),
    );
    expect(held.log).toEqual(['udp', 'tcp']);
    expect(cut.log.slice(0, 3)).toEqual(['udp', 'tcp', 'udp']);
  });

  it('does not take what was sent again for undelivered when the port is closed', async () => {
    let close = (): void => undefined;
    await using kdc = await fakeKdc({ udp: () => void close() });
    close = kdc.stopListening;
    const asked = transportTo([kdc], { patience: 30, resendAfter: [0.1, 0.1], timeout: 10 })(
      'A.TEST',
      REQUEST,
    );
    await expect(asked).rejects.toMatchObject({
      attempts: [{ undelivered: false }, { undelivered: true }],
    });
  });

  it('takes its time from request_timeout, however long', async () => {
    await using kdc = await fakeKdc({ udp: (_, count) => (count >= 2 ? ANSWER : undefined) });
    const ask = (timeout: string): Promise<Uint8Array> =>
      transportTo([kdc], { resendAfter: [0.05] }, `request_timeout = ${timeout}`)('A.TEST', REQUEST);
    expect(await ask('2147483647')).toEqual(Buffer.from(ANSWER));
    await expect(ask('soon')).rejects.toMatchObject({ code: 'CONFIG_VALUE', line: 2 });
  });

  it('asks the KDCs of a realm 32 things at a time, and the rest in turn', async () => {
    await using mute = await fakeKdc({ udp: silent });
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    const controller = new AbortController();
    const ask = (address: number): Promise<unknown>[] => {
      const transport = transportTo([`udp/127.0.0.1:${address}`], { timeout: 60, resendAfter: [] });
      return Array.from({ length: 100 }, () => transport('A.TEST', REQUEST, controller.signal));
    };
    expect(await Promise.all(ask(kdc.port))).toHaveLength(100);
    const held = ask(mute.port);
    await vi.waitFor(() => expect(mute.log).toHaveLength(32), 10_000);
    await new Promise(resolve => setTimeout(resolve, 200));
    controller.abort();
    const outcomes = await Promise.allSettled(held);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(mute.log).toHaveLength(32);
  });

  it('lets nobody wait for the KDCs of another realm', async () => {
    await using mute = await fakeKdc({ udp: silent });
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    const lookupSrv: SrvLookup = async name =>
      name.includes('_udp') ? [{ name: '127.0.0.1', port: kdc.port, priority: 1, weight: 1 }] : [];
    const controller = new AbortController();
    const transport = transportTo([mute], { timeout: 60, lookupSrv });
    const held = Array.from({ length: 33 }, () => transport('A.TEST', REQUEST, controller.signal));
    // Node warns of more than ten.
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    expect(await transport('B.TEST', REQUEST)).toEqual(Buffer.from(ANSWER));
    controller.abort();
    for (const outcome of await Promise.allSettled(held)) {
      expect(outcome).toMatchObject({ reason: { code: 'ABORTED' } });
    }
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('is aborted by its signal and leaves nothing on it', async () => {
    await using mute = await fakeKdc({ udp: silent, tcp: silent });
    const controller = new AbortController();
    const pending = transportTo([mute], { timeout: 5 })('A.TEST', REQUEST, controller.signal);
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(pending).rejects.toMatchObject({ code: 'ABORTED', cause: new Error('enough') });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('does nothing when aborted before', async () => {
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    await expect(transportTo([kdc])('A.TEST', REQUEST, AbortSignal.abort())).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(kdc.log).toEqual([]);
  });

  it('tells of each step', async () => {
    await using closed = await fakeKdc({});
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    const lines: string[] = [];
    await transportTo([closed, kdc], { trace: line => lines.push(line) })('A.TEST', REQUEST);
    expect(lines).toEqual([
      'Sending request (3 bytes) to A.TEST',
      `Servers of A.TEST: 127.0.0.1:${closed.port} (kdc, krb5.conf:5), 127.0.0.1:${kdc.port} (kdc, krb5.conf:6)`,
      `Sending 3 bytes to udp 127.0.0.1:${closed.port}`,
      expect.stringContaining('ECONNREFUSED'),
      `Sending 3 bytes to udp 127.0.0.1:${kdc.port}`,
      `Received 5 bytes from udp 127.0.0.1:${kdc.port}`,
    ]);
  });

  it('tells how each KDC was found, in the attempts of an error as well', async () => {
    await using closed = await fakeKdc({});
    const facts: Fact[] = [];
    const trace: Trace = (_, fact) => void (fact && facts.push(fact));
    const error = await transportTo([closed], { trace })('A.TEST', REQUEST).catch(error => error);
    const target = `udp 127.0.0.1:${closed.port}`;
    expect(error.attempts[0]).toMatchObject({ target, found: 'kdc, krb5.conf:5' });
    expect(facts).toContainEqual({ kind: 'sent', target, found: 'kdc, krb5.conf:5', bytes: REQUEST.length });
    expect(facts).toContainEqual({
      kind: 'failed',
      target,
      found: 'kdc, krb5.conf:5',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('tells what DNS was asked, and what it answered', async () => {
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    const facts: Fact[] = [];
    const trace: Trace = (_, fact) => void (fact && facts.push(fact));
    const lookupSrv: SrvLookup = async name => {
      if (name.includes('_tcp')) throw new Error('queryA ETIMEOUT');
      return [{ name: '127.0.0.1', port: kdc.port, priority: 1, weight: 2 }];
    };
    await transportTo([], { lookupSrv, trace })('B.TEST', REQUEST);
    expect(facts).toContainEqual({
      kind: 'lookup',
      query: 'SRV _kerberos._udp.B.TEST',
      answers: [`1 2 ${kdc.port} "127.0.0.1"`],
    });
    expect(facts).toContainEqual({
      kind: 'lookup',
      query: 'SRV _kerberos._tcp.B.TEST',
      answers: [],
      failure: 'queryA ETIMEOUT',
    });
    expect(facts).toContainEqual({
      kind: 'servers',
      realm: 'B.TEST',
      service: 'kdc',
      servers: [{ server: `127.0.0.1:${kdc.port}`, found: 'SRV _kerberos._udp.B.TEST' }],
    });
  });

  it('tells that a datagram is sent once more', async () => {
    await using kdc = await fakeKdc({ udp: (_, count) => (count === 1 ? undefined : ANSWER) });
    const lines: string[] = [];
    await transportTo([kdc], { trace: line => lines.push(line), resendAfter: [0.05] })('A.TEST', REQUEST);
    expect(lines).toContain(`Sending again to udp 127.0.0.1:${kdc.port}, which is silent`);
  });
});
