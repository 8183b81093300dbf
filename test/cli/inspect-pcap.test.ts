import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { inspectBytes } from '../../src/cli/inspect/formats.ts';
import { InspectKeys } from '../../src/cli/inspect/keys.ts';
import { inspect } from '../../src/cli/inspect.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { KerberosError } from '../../src/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { scratch } from '../ccache/samples.ts';
import { createTestRealm, host } from '../client/realm.ts';
import { captureIo } from '../support/io.ts';
import { PASSWORD } from '../support/scripted-kdc.ts';
import { framed, pcap, pcapng, tcpFrame, udpFrames } from './pcap.ts';

const up = { from: '10.0.0.2:40000', to: '10.0.0.1:88' };
const down = { from: up.to, to: up.from };

/** Request and reply of each exchange of a log-in and of a service ticket. */
const exchanges: { readonly request: Uint8Array; readonly reply: Uint8Array }[] = [];

beforeAll(async () => {
  const realm = createTestRealm();
  const transport: Transport = async (to, request, signal) => {
    const reply = await realm.transport(to, request, signal);
    exchanges.push({ request: Uint8Array.from(request), reply: Uint8Array.from(reply) });
    return reply;
  };
  const cache = await realm.cacheWith({ transport });
  await getServiceCredential(cache, host, { transport, now: realm.now });
});

async function run(capture: Uint8Array, argv: readonly string[] = [], stdin = '') {
  const file = join(scratch(), 'capture');
  writeFileSync(file, capture);
  const io = captureIo({ stdin });
  const status = await runCommand(inspect, [file, ...argv], io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

/** The names of the messages, in order. */
const messagesIn = (stdout: string) => [...stdout.matchAll(/^ {2}([A-Z-]+):$/gm)].map(([, name]) => name);

const datagrams = (options: { readonly size?: number } = {}) =>
  exchanges.flatMap(({ request, reply }, i) => [
    ...udpFrames(up, request, { ...options, id: 2 * i }),
    ...udpFrames(down, reply, { ...options, id: 2 * i + 1 }),
  ]);

const asked = () => {
  const expected = exchanges.flatMap(({ request, reply }) => [request[0], reply[0]]);
  const names: Record<number, string> = {
    106: 'AS-REQ',
    107: 'AS-REP',
    108: 'TGS-REQ',
    109: 'TGS-REP',
    126: 'KRB-ERROR',
  };
  return expected.map(tag => names[tag!]);
};

describe.each([
  ['classic', pcap],
  ['newer', pcapng],
])('of a capture in the %s format', (_, write) => {
  it('shows every message with its time and its ends', async () => {
    const { status, stdout } = await run(write(datagrams()));
    expect(status).toBe(0);
    expect(messagesIn(stdout)).toEqual(asked());
    expect(stdout).toMatch(
      /^1: 2026-03-01T12:00:00\.000Z udp 10\.0\.0\.2:40000 > 10\.0\.0\.1:88:\n {2}AS-REQ:\n/,
    );
    expect(stdout).toContain('\n2: 2026-03-01T12:00:00.001Z udp 10.0.0.1:88 > 10.0.0.2:40000:\n');
  });

  it('opens one message after the other, from the password on', async () => {
    const { stdout } = await run(write(datagrams()), ['--password'], `${PASSWORD}\n`);
    expect(stdout).toContain('EncASRepPart:\n');
    // The session key of the ticket-granting ticket opens the authenticator, and what it has in it the reply.
    expect(stdout).toContain('Authenticator:\n');
    expect(stdout).toContain('EncTGSRepPart:\n');
  });

  it('puts fragments together', async () => {
    expect(messagesIn((await run(write(datagrams({ size: 64 })))).stdout)).toEqual(asked());
    expect(messagesIn((await run(write([...datagrams({ size: 64 })].reverse()))).stdout)).toEqual(
      asked().reverse(),
    );
  });
});

it('puts streams together: segments in the wrong order, sent twice, over the end of the numbers', async () => {
  const bytes = Buffer.concat(exchanges.map(({ request }) => framed(request)));
  const start = 0xffffff00;
  const segments: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 100) {
    segments.push(tcpFrame(up, bytes.subarray(at, at + 100), start + 1 + at));
    segments.push(tcpFrame(up, bytes.subarray(at, at + 150), start + 1 + at));
  }
  const swapped = segments.flatMap((segment, i) => (i % 2 === 0 ? [segments[i + 1]!, segment] : []));
  const capture = pcap([tcpFrame(up, new Uint8Array(0), start, { syn: true }), ...swapped]);
  const expected = asked().filter(name => name?.endsWith('-REQ'));
  expect(messagesIn((await run(capture)).stdout)).toEqual(expected);
});

it.each([
  ['a network in a network', 1, 12, '88a8000581000006'],
  ['such networks before there was a standard', 1, 12, '9100000581000006'],
  ['a network, captured on any interface', 113, 14, '81000005'],
])('finds the packets of %s', async (_, linkType, addresses, tags) => {
  const frames = datagrams().map(frame => {
    const packet = frame.subarray(12);
    return Buffer.concat([Buffer.alloc(addresses), Buffer.from(tags, 'hex'), packet]);
  });
  expect(messagesIn((await run(pcap(frames, linkType))).stdout)).toEqual(asked());
});

it('shows messages for password servers, of datagrams and of streams', async () => {
  const ap = exchanges.find(({ request }) => request[0] === 0x6a)!.request;
  // What is sealed does not matter here: a header, an AP-REQ and a KRB-PRIV make a request.
  const apReq = Buffer.concat([Uint8Array.of(0x6e), ap.subarray(1)]);
  const rest = Buffer.concat([Uint8Array.of(0x75), ap.subarray(1)]);
  const header = Buffer.alloc(6);
  header.writeUInt16BE(6 + apReq.length + rest.length, 0);
  header.writeUInt16BE(1, 2);
  header.writeUInt16BE(apReq.length, 4);
  const request = Buffer.concat([header, apReq, rest]);
  const way = { from: '10.0.0.2:40001', to: '10.0.0.1:464' };
  const { stdout } = await run(pcap([...udpFrames(way, request), tcpFrame(way, framed(request), 1)]));
  expect(stdout.match(/a damaged message about a password: /g)).toHaveLength(2);
});

it('passes over what is not Kerberos, and what was cut off', async () => {
  const other = { from: '10.0.0.2:5353', to: '10.0.0.9:53' };
  const noise = [
    ...udpFrames(other, Buffer.from('a question')),
    tcpFrame({ from: '10.0.0.2:50000', to: '10.0.0.9:80' }, Buffer.from('GET / HTTP/1.1\r\n\r\n'), 1),
    Buffer.alloc(60),
  ];
  const capture = pcap([...noise, ...udpFrames(up, exchanges[0]!.request)]);
  const { stdout } = await run(Buffer.concat([capture, Buffer.alloc(7)]));
  expect(messagesIn(stdout)).toEqual(['AS-REQ']);
});

it('fails where there is no Kerberos in it', async () => {
  const { status, stderr } = await run(pcap([Buffer.alloc(60)]));
  expect(status).toBe(1);
  expect(stderr).toContain('no Kerberos message in 1 packets');
});

it('answers any damage with a tree or an error of ours', () => {
  const captures = [pcap(datagrams({ size: 400 })), pcapng(datagrams())];
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.constantFrom(...captures), damage, (capture, places) => {
      const bytes = Uint8Array.from(capture);
      for (const [at, octet] of places) bytes[at % bytes.length] = octet;
      try {
        inspectBytes(bytes, { keys: new InspectKeys(), showKeys: false, left: 10_000 });
      } catch (error) {
        if (!(error instanceof KerberosError)) throw error;
      }
    }),
  );
});
