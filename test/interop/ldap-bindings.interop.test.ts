import { once } from 'node:events';
import { join } from 'node:path';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { BerReader, BerWriter, ProtocolOperation } from 'ldapts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileType } from '../../src/ccache/file.ts';
import { createConfig } from '../../src/config/config.ts';
import { loadProfile } from '../../src/config/load.ts';
import { tlsServerEndPoint, tlsUnique } from '../../src/gss/channel-bindings.ts';
import type { ChannelBindings } from '../../src/gss/context.ts';
import { openContext } from '../../src/gss/initiate.ts';
import { createSaslClient } from '../../src/gss/sasl/client.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { createTransport } from '../../src/transport/transport.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';
import { type Slapd, type SlapdBinding, startSlapd } from '../support/slapd.ts';

type Bind = (socket: TLSSocket) => ChannelBindings;
const unique: Bind = socket => tlsUnique(socket, 'client');
const endPoint: Bind = socket => tlsServerEndPoint(socket.getPeerX509Certificate()!.raw);
const SUCCESS = 0;
const INVALID_CREDENTIALS = 49;

describePeer('slapd', () => {
  describe.each<[SlapdBinding, Bind, Bind]>([
    ['tls-unique', unique, endPoint],
    ['tls-endpoint', endPoint, unique],
  ])('that knows %s', (binding, right, wrong) => {
    let kdc: MitKdc;
    let slapd: Slapd;
    beforeAll(async () => {
      kdc = await startMitKdc();
      await kdc.run('kinit', ['alice'], 'alicepw\n');
      slapd = await startSlapd(kdc, binding);
    });
    afterAll(async () => {
      await slapd?.stop();
      await kdc?.stop();
    });

    it.each<[string, Bind, number]>([
      ['admits a client with them', right, SUCCESS],
      ['refuses a client with others', wrong, INVALID_CREDENTIALS],
    ])('%s', async (_, bind, status) => {
      expect(await bound(slapd, kdc, bind)).toBe(status);
    });
  });
});

/** The status of a bind by SASL with GSSAPI. */
async function bound({ tlsPort }: Slapd, kdc: MitKdc, bind: Bind): Promise<number> {
  const maxVersion: SecureVersion = 'TLSv1.2';
  const socket = connect({ port: tlsPort, host: '127.0.0.1', rejectUnauthorized: false, maxVersion });
  try {
    await once(socket, 'secureConnect');
    const user = { uid: 0, euid: 0, username: 'nobody', temp: kdc.dir };
    const transport = createTransport(createConfig(loadProfile([kdc.krb5Conf]), user));
    const keychain = () => Promise.reject(new Error('no keychain is to be asked for'));
    const path = kdc.env.KRB5CCNAME!.replace(/^FILE:/, '');
    const cache = fileType.resolve(path, { dataDirectory: join(kdc.dir, 'data'), keychain });
    const server = parsePrincipal(`ldap/localhost@${kdc.realm}`);
    const context = await openContext(server, cache, { transport, channelBindings: bind(socket) });
    const sasl = createSaslClient('GSSAPI', context, { protections: ['none'] });
    for (let challenge: Uint8Array | undefined, id = 1; ; id++) {
      socket.write(bindRequest(id, await sasl.step(challenge)));
      const [message] = (await once(socket, 'data')) as [Buffer];
      const answer = bindResponse(message);
      challenge = answer.challenge;
      if (challenge === undefined) return answer.status;
    }
  } finally {
    socket.destroy();
  }
}

function bindRequest(id: number, credentials: Uint8Array | undefined): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(ProtocolOperation.LDAP_REQ_BIND);
  writer.writeInt(3);
  writer.writeString('');
  writer.startSequence(ProtocolOperation.LDAP_REQ_BIND_SASL);
  writer.writeString('GSSAPI');
  writer.writeBuffer(Buffer.from(credentials ?? []), 0x04);
  for (let depth = 0; depth < 3; depth++) writer.endSequence();
  return writer.buffer;
}

function bindResponse(message: Buffer) {
  const reader = new BerReader(message);
  reader.readSequence();
  reader.readInt();
  reader.readSequence(ProtocolOperation.LDAP_RES_BIND);
  const status = reader.readEnumeration()!;
  reader.readString();
  reader.readString();
  const challenge = reader.peek() === 0x87 ? reader.readString(0x87, true)! : undefined;
  return { status, challenge };
}
