import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Socket as Connection, connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getInitialCredential } from '../../src/client/initial.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { AsRep } from '../../src/messages/kdc-rep.ts';
import { AsReq, KdcReqBody } from '../../src/messages/kdc-req.ts';
import { isKrbError, KrbError } from '../../src/messages/krb-error.ts';
import { PA_ENC_TIMESTAMP } from '../../src/messages/numbers.ts';
import { PaEncTsEnc } from '../../src/messages/preauth-data.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { seal } from '../../src/messages/seal.ts';
import { EncryptedData } from '../../src/messages/types.ts';

const REALM = 'LAB.TEST';
const MIB = 1 << 20;

let kdc: RunningKdc;
let lines: string[];
let open: { close?(): unknown; destroy?(): unknown }[];

beforeEach(async () => {
  lines = [];
  open = [];
  kdc = await startKdc({
    realm: REALM,
    users: [
      { name: 'alice', password: 'wonderland-secret' },
      { name: 'victim', password: 'victim-secret' },
    ],
    services: ['host/localhost'],
    passwordPort: 0,
    maxConnections: 16,
    log: line => lines.push(line),
  });
});

afterEach(async () => {
  for (const one of open) (one.close ?? one.destroy)?.call(one);
  await kdc.close();
});

let nonce = 0;
function request(name: string, padata?: AsReq['padata']): Uint8Array {
  const reqBody = KdcReqBody.encode({
    kdcOptions: 0,
    cname: { nameType: 1, nameString: [name] },
    realm: REALM,
    sname: { nameType: 2, nameString: ['krbtgt', REALM] },
    till: new Date(Date.now() + 3_600_000),
    nonce: ++nonce,
    etype: [18, 17],
  });
  return AsReq.encode({ padata, reqBody });
}

/** A guess at somebody's key: the dearest request that anybody can send. */
function guess(name: string): Uint8Array {
  const time = { patimestamp: new Date(), pausec: nonce % 1_000_000 };
  const sealed = seal(PaEncTsEnc, time, randomKey(18), 1);
  return request(name, [{ padataType: PA_ENC_TIMESTAMP, padataValue: EncryptedData.encode(sealed) }]);
}

/** Alice gets her ticket, as ever, over the socket of the transport. */
async function aliceLogsIn(ask: (bytes: Uint8Array) => Promise<Uint8Array>): Promise<void> {
  const { credential } = await getInitialCredential(
    parsePrincipal('alice', { defaultRealm: REALM }),
    { password: async () => 'wonderland-secret' },
    { transport: (_, bytes) => ask(bytes) },
  );
  expect(credential.server.components[0]).toBe('krbtgt');
}

async function overUdp(bytes: Uint8Array): Promise<Uint8Array> {
  const socket = createSocket('udp4');
  try {
    // As clients do: what is lost in the crowd is sent again.
    for (let attempt = 0; ; attempt++) {
      socket.send(bytes, kdc.port, kdc.host);
      const reply = await Promise.race([
        once(socket, 'message').then(([message]) => message as Buffer),
        new Promise<undefined>(resolve => setTimeout(resolve, 2000, undefined)),
      ]);
      if (reply !== undefined) return reply;
      if (attempt > 5) throw new Error('no reply');
    }
  } finally {
    socket.close();
  }
}

async function overTcp(bytes: Uint8Array): Promise<Uint8Array> {
  const socket = await dial();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  socket.write(Buffer.concat([length, bytes]));
  let received = Buffer.alloc(0);
  while (received.length < 4 || received.length < 4 + received.readUInt32BE()) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received = Buffer.concat([received, chunk]);
  }
  socket.destroy();
  return received.subarray(4);
}

async function dial(): Promise<Connection> {
  const socket = connect(kdc.port, kdc.host);
  socket.on('error', () => {});
  open.push(socket);
  await once(socket, 'connect');
  return socket;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use, once what is not is gone. */
function used(): number {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

describe('a flood', () => {
  it.each([
    ['guesses', (i: number) => guess(i % 2 === 0 ? 'victim' : `nobody-${i}`)],
    ['questions', (i: number) => request(`nobody-${i}`)],
    ['junk', (i: number) => Buffer.alloc(1200, i)],
  ])(
    'of %s leaves others their service, and does not fill the memory',
    async (_, make) => {
      const flood: Socket = createSocket('udp4');
      open.push(flood);
      flood.on('message', () => {});
      for (let i = 0; i < 500; i++) flood.send(make(i), kdc.port, kdc.host);
      await aliceLogsIn(overUdp);
      await aliceLogsIn(overTcp);
      const before = used();
      for (let i = 0; i < 20_000; i++)
        kdc.kdc.handle(make(500 + i), { address: '192.0.2.1', transport: 'udp' });
      lines.length = 0;
      expect(used() - before).toBeLessThan(64 * MIB);
      await aliceLogsIn(overUdp);
    },
    120_000,
  );

  it('of connections that say nothing, or drip, leaves others theirs', async () => {
    const silent = await Promise.all(Array.from({ length: 40 }, dial));
    const dripping = setInterval(() => {
      for (const socket of silent) if (socket.writable) socket.write(Uint8Array.of(0));
    }, 20);
    try {
      await aliceLogsIn(overTcp);
      await aliceLogsIn(overUdp);
    } finally {
      clearInterval(dripping);
    }
  }, 60_000);
});

it('what is logged or answered holds no key and no password', async () => {
  await aliceLogsIn(overUdp);
  const answers = [
    ...[request('alice'), request('nobody'), guess('alice'), guess('victim'), Buffer.alloc(30, 0x6a)],
  ].map(bytes => kdc.kdc.handle(bytes, { address: '192.0.2.1', transport: 'udp' }));
  const told = [...lines, ...answers.map(answer => Buffer.from(answer ?? []).toString('latin1'))].join('\n');
  const keys = ['alice', 'victim', 'host/localhost', `krbtgt/${REALM}`]
    .flatMap(name => kdc.keytab(name))
    .map(({ key }) => Buffer.from(key.keyvalue));
  expect(keys.length).toBeGreaterThan(8);
  for (const key of keys) {
    for (const encoding of ['latin1', 'hex', 'base64'] as const) {
      expect(told.toLowerCase().includes(key.toString(encoding).toLowerCase())).toBe(false);
    }
  }
  expect(told).not.toMatch(/secret/);
  expect(lines.length).toBeGreaterThan(4);
  const refused = answers.filter(answer => answer !== undefined && isKrbError(answer));
  for (const answer of refused) expect(KrbError.decode(answer!).eText).toMatch(/^[A-Z0-9_ ]+$/);
  expect(() => AsRep.decode(answers[0]!)).toThrow();
});
