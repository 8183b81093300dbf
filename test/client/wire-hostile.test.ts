import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';
import { type FakeKdc, fakeKdc, framed } from '../transport/fake-kdc.ts';

/** What becomes of a reply with a ticket on its way: what is written, and whether the connection ends after that. */
type Meddling = (reply: Buffer) => { readonly bytes: Uint8Array; readonly ends: boolean };

const honestly: Meddling = reply => ({ bytes: reply, ends: false });
const IS_ERROR = 0x7e;

let kdc: RunningKdc;
let relay: FakeKdc;
let meddle: Meddling;
let home: string;
let cc: string;

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'alicepw' }],
    services: ['host/server'],
  });
  relay = await fakeKdc({ tcp: carry });
});
afterAll(async () => {
  await relay?.[Symbol.asyncDispose]();
  await kdc?.close();
});
beforeEach(() => {
  home = scratch();
  cc = join(home, 'cc');
  const kdcs = `kdc = tcp/127.0.0.1:${relay.port}`;
  const libdefaults = 'default_realm = A.TEST\ndns_lookup_kdc = no';
  writeFileSync(
    join(home, 'krb5.conf'),
    `[libdefaults]\n${libdefaults}\n[realms]\nA.TEST = {\n${kdcs}\n}\n[domain_realm]\nserver = A.TEST\n`,
  );
  writeFileSync(join(home, 'keytab'), KeytabFile.encode(kdc.keytab('alice')));
  meddle = honestly;
});

/** Carries requests to the KDC, its errors back as they are, and its tickets as somebody likes. */
function carry(socket: Socket): void {
  let received = Buffer.alloc(0);
  socket.on('data', async chunk => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 4 || received.length < 4 + received.readUInt32BE(0)) return;
    const reply = Buffer.from(await kdc.transport('A.TEST', received.subarray(4)));
    const { bytes, ends } = (reply[0] === IS_ERROR ? honestly : meddle)(framed(reply));
    if (ends) socket.end(bytes);
    else socket.write(bytes);
  });
}

async function run(command: Command, argv: readonly string[]) {
  const io = captureIo({
    env: { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5CCNAME: `FILE:${cc}` },
    uid: process.geteuid?.(),
  });
  return {
    status: await runCommand(
      command,
      argv.map(word => word.replace('~', home)),
      io,
    ),
    io,
  };
}

const login = ['-k', '-t', '~/keytab', 'alice'];

describe.each<[string, Command, readonly string[]]>([
  ['kinit', kinit, login],
  ['kvno', kvno, ['host/server@A.TEST']],
])('%s', (_, command, argv) => {
  let before: Buffer;
  let length: number;

  beforeEach(async () => {
    expect((await run(kinit, login)).status).toBe(0);
    before = readFileSync(cc);
    meddle = reply => {
      length = reply.length;
      return honestly(reply);
    };
    expect((await run(command, argv)).status).toBe(0);
    writeFileSync(cc, before);
  });

  it('leaves the cache as it is where the connection ends after any byte of the reply', async () => {
    for (let end = 0; end < length; end++) {
      // A small nonce makes a reply shorter.
      meddle = reply => ({ bytes: reply.subarray(0, Math.min(end, reply.length - 1)), ends: true });
      const { status, io } = await run(command, argv);
      expect(status, io.stderr).toBe(1);
      expect(io.stderr).toContain("Cannot contact any KDC for realm 'A.TEST'");
      expect(readFileSync(cc).equals(before), `${end} bytes`).toBe(true);
    }
    expect(length).toBeGreaterThan(400);
  }, 180_000);

  it.each<[string, Meddling]>([
    ['is another reply than announced', reply => ({ bytes: framed(reply.subarray(8)), ends: false })],
    ['is longer than any', () => ({ bytes: Buffer.of(0x40, 0, 0, 0, 1), ends: false })],
    ['does not come to its end', reply => ({ bytes: reply.subarray(0, -1), ends: false })],
    ['has other bytes at its end', reply => ({ bytes: reply.fill(0x55, reply.length - 20), ends: false })],
    ['is cut, and framed anew', reply => ({ bytes: framed(reply.subarray(4, -20)), ends: false })],
  ])('leaves the cache as it is where what comes %s', async (_, meddling) => {
    meddle = meddling;
    // For the one that does not come to its end; a login before takes as long as it does on a busy machine.
    appendFileSync(join(home, 'krb5.conf'), '[libdefaults]\nrequest_timeout = 1s\n');
    const { status, io } = await run(command, argv);
    expect(status, io.stderr).toBe(1);
    expect(readFileSync(cc).equals(before)).toBe(true);
  });
});
