import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { createSaslClient } from '../../src/gss/sasl/client.ts';
import type { SaslExchange } from '../../src/gss/sasl/exchange.ts';
import type { SaslProtection } from '../../src/gss/sasl/layer.ts';
import { createSaslServer } from '../../src/gss/sasl/server.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { createSpnegoInitiator } from '../../src/gss/spnego/initiator.ts';
import { type KeytabEntry, resolveKeytab } from '../../src/keytab/keytab.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { exchangeTcp } from '../../src/transport/tcp.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';
import {
  MUTUAL,
  type PythonContext,
  type PythonWishes,
  REPLAY,
  SEQUENCE,
  startPythonContext,
} from '../support/python-gssapi.ts';

const NOTHING = new Uint8Array(0);
const BITS = { none: 1, integrity: 2, confidentiality: 4 } as const;
const protections = ['none', 'integrity', 'confidentiality'] as const;

describePeer('python-gssapi', () => {
  let kdc: MitKdc;
  let keytab: readonly KeytabEntry[];
  let credential: Credential;
  const opened: PythonContext[] = [];

  beforeAll(async () => {
    kdc = await startMitKdc();
    keytab = await resolveKeytab(`FILE:${kdc.keytab}`).entries();
    const transport = (_: string, request: Uint8Array): Promise<Uint8Array> =>
      exchangeTcp({ protocol: 'tcp', host: '127.0.0.1', port: kdc.port }, request, {
        resendAfter: [],
        signal: AbortSignal.timeout(20_000),
      });
    const secret = { password: async () => 'alicepw' };
    const alice = parsePrincipal('alice@A.TEST');
    const { credential: tgt } = await getInitialCredential(alice, secret, { transport });
    const host = parsePrincipal('host/localhost@A.TEST');
    credential = await exchangeTgs(tgt, host, { kdcOptions: 0 }, { transport });
    expect(await kdc.run('kinit', ['alice'], 'alicepw\n')).toMatchObject({ status: 0 });
  });
  afterEach(() => {
    for (const python of opened.splice(0)) python.end();
  });
  afterAll(() => kdc?.stop());

  it.each(protections)('its GSSAPI client and our server agree on %s', async protection => {
    const python = open({ role: 'initiator', target: 'host@localhost', flags: MUTUAL | REPLAY | SEQUENCE });
    const replayCache = createMemoryReplayCache();
    const server = createSaslServer('GSSAPI', createAcceptor({ keytab, replayCache }));
    const reply = await server.step((await python.step()).token);
    expect((await python.step(reply)).token).toBeUndefined();
    const offer = await python.unwrap((await server.step(NOTHING))!);
    expect(offer).toEqual({ message: Buffer.of(7, 1, 0, 0), sealed: false });
    const size = protection === 'none' ? [0, 0, 0] : [0, 0x40, 0];
    const choice = Buffer.concat([Buffer.of(BITS[protection], ...size), Buffer.from('bob')]);
    expect(await server.step(await python.wrap(choice, false))).toBeUndefined();
    expect(server).toMatchObject({ complete: true, authzid: 'bob', layer: { protection } });
    await expectTalk(server, python, protection);
  });

  it.each(protections)('our GSSAPI client and its server agree on %s', async protection => {
    const python = open({ role: 'acceptor' });
    const client = createSaslClient('GSSAPI', createInitiator(credential), {
      protections: [protection],
      authzid: 'bob',
    });
    const { token } = await python.step(await client.step());
    expect(await client.step(token)).toHaveLength(0);
    const choice = await client.step(await python.wrap(Uint8Array.of(7, 0, 0x40, 0), false));
    const { message } = await python.unwrap(choice!);
    expect(message[0]).toBe(BITS[protection]);
    expect(Buffer.from(message.subarray(4)).toString()).toBe('bob');
    await expectTalk(client, python, protection);
  });

  it('its GSS-SPNEGO client and our server have confidentiality, whose flag it always sets', async () => {
    const python = open({ role: 'initiator', mechanism: 'spnego', target: 'host@localhost', flags: MUTUAL });
    const server = createSaslServer('GSS-SPNEGO', createSpnegoAcceptor({ keytab }));
    await python.step(await server.step((await python.step()).token));
    await expectTalk(server, python, 'confidentiality');
  });

  it.each(protections)('our GSS-SPNEGO client and its server have %s by flags', async protection => {
    const python = open({ role: 'acceptor', mechanism: 'spnego' });
    const flags = { integrity: protection !== 'none', confidentiality: protection === 'confidentiality' };
    const client = createSaslClient(
      'GSS-SPNEGO',
      createSpnegoInitiator(createInitiator(credential, { flags })),
    );
    const { token } = await python.step(await client.step());
    expect(await client.step(token)).toBeUndefined();
    await expectTalk(client, python, protection);
  });

  function open(wishes: PythonWishes): PythonContext {
    const python = startPythonContext(wishes, kdc.env);
    opened.push(python);
    return python;
  }
});

/** What either side says within the layer reaches the other. */
async function expectTalk(
  ours: SaslExchange,
  python: PythonContext,
  protection: SaslProtection,
): Promise<void> {
  expect(ours.complete).toBe(true);
  expect(ours.layer.protection).toBe(protection);
  if (protection === 'none') {
    expect(ours.layer.protect(Buffer.from('in the open'))).toEqual(Buffer.from('in the open'));
    return;
  }
  const data = Buffer.alloc(40_000, 'a line ');
  const sealed = protection === 'confidentiality';
  const told = await Promise.all(
    packetsOf(ours.layer.protect(data)).map(async packet => python.unwrap(packet)),
  );
  expect(told.every(part => part.sealed === sealed)).toBe(true);
  expect(Buffer.concat(told.map(part => part.message)).equals(data)).toBe(true);
  const packet = await python.wrap(data, sealed);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(packet.length);
  expect(Buffer.compare(ours.layer.unprotect(Buffer.concat([length, packet])), data)).toBe(0);
}

function packetsOf(bytes: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(bytes);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < buffer.length; ) {
    const end = at + 4 + buffer.readUInt32BE(at);
    packets.push(buffer.subarray(at + 4, end));
    at = end;
  }
  return packets;
}
