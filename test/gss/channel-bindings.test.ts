import { createHash } from 'node:crypto';
import { type AddressInfo, Socket } from 'node:net';
import { connect, createServer, type SecureVersion, type Server, TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { hashBindings, tlsExporter, tlsServerEndPoint, tlsUnique } from '../../src/gss/channel-bindings.ts';
import type { ChannelBindings } from '../../src/gss/context.ts';
import { Certificate, RsaPssParams } from '../../src/messages/cms-certificate.ts';
import { AuthorizationData } from '../../src/messages/types.ts';
import { certify } from '../support/pki.ts';
import { play } from './support.ts';

const here: ChannelBindings = { applicationData: Buffer.from('tls-server-end-point:here') };
const there: ChannelBindings = { applicationData: Buffer.from('tls-server-end-point:there') };
/** What Windows clients say of themselves (MS-KILE 2.2.5). */
const knowing = [
  {
    adType: 1,
    adData: AuthorizationData.encode([{ adType: 143, adData: Uint8Array.of(0, 0x40, 0, 0) }]),
  },
];

describe('channel bindings', () => {
  it.each<[string, string, Parameters<typeof play>[0]]>([
    ['the same', 'accepted', { asked: { channelBindings: here }, accept: { channelBindings: here } }],
    ['another', 'refused', { asked: { channelBindings: there }, accept: { channelBindings: here } }],
    ['none', 'accepted', { accept: { channelBindings: here } }],
    ['none, which must be', 'refused', { accept: { channelBindings: here, requireBindings: true } }],
    [
      'none, of a client that could have had some',
      'refused',
      { asked: { authorizationData: knowing }, accept: { channelBindings: here } },
    ],
    ['some, of which the acceptor knows nothing', 'accepted', { asked: { channelBindings: here } }],
    [
      'some, where the acceptor must know and does not',
      'refused',
      { asked: { channelBindings: here }, accept: { requireBindings: true } },
    ],
  ])('%s: %s', async (_, verdict, played) => {
    if (verdict === 'refused') await expect(play(played)).rejects.toMatchObject({ major: 'BAD_BINDINGS' });
    else expect((await play(played)).acceptor.established).toBe(true);
  });

  it('are hashed with their addresses, all numbers being little-endian (RFC 4121 §4.1.1.2)', () => {
    const initiatorAddress = { type: 2, address: Uint8Array.of(127, 0, 0, 1) };
    const plain = Buffer.concat([
      Buffer.from('02000000040000007f000001', 'hex'),
      Buffer.from('0000000000000000', 'hex'),
      Buffer.from('19000000', 'hex'),
      here.applicationData,
    ]);
    const expected = createHash('md5').update(plain).digest();
    expect(Buffer.from(hashBindings({ ...here, initiatorAddress }))).toEqual(expected);
    expect(hashBindings(undefined)).toEqual(new Uint8Array(16));
  });
});

describe('the bindings of a server’s certificate', () => {
  const { certificate } = certify('localhost');
  const signedBy = (algorithm: string, parameters?: Uint8Array): Uint8Array =>
    Certificate.encode({
      ...Certificate.decode(certificate.raw),
      signatureAlgorithm: { algorithm, parameters },
    });
  const endPoint = (hash: string, der: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from('tls-server-end-point:'), createHash(hash).update(der).digest()]);
  const pss = (hash?: string): Uint8Array =>
    RsaPssParams.encode({ hashAlgorithm: hash === undefined ? undefined : { algorithm: hash } });

  it.each<[string, string, string, Uint8Array?]>([
    ['MD5 with RSA', 'sha256', '1.2.840.113549.1.1.4'],
    ['SHA-1 with RSA', 'sha256', '1.2.840.113549.1.1.5'],
    ['SHA-256 with RSA', 'sha256', '1.2.840.113549.1.1.11'],
    ['SHA-384 with RSA', 'sha384', '1.2.840.113549.1.1.12'],
    ['SHA-512 with RSA', 'sha512', '1.2.840.113549.1.1.13'],
    ['SHA-1 with ECDSA', 'sha256', '1.2.840.10045.4.1'],
    ['SHA-384 with ECDSA', 'sha384', '1.2.840.10045.4.3.3'],
    ['RSASSA-PSS', 'sha256', '1.2.840.113549.1.1.10', pss()],
    ['RSASSA-PSS with SHA-512', 'sha512', '1.2.840.113549.1.1.10', pss('2.16.840.1.101.3.4.2.3')],
  ])(
    'take the hash of its signature, or SHA-256 for weaker ones: %s, %s',
    (_, hash, algorithm, parameters) => {
      const der = signedBy(algorithm, parameters);
      expect(tlsServerEndPoint(der).applicationData).toEqual(endPoint(hash, der));
    },
  );

  it('are those of a certificate as it is', () => {
    for (const digest of ['sha1', 'sha256'] as const) {
      const { raw } = certify('localhost', { digest, key: 'rsa' }).certificate;
      expect(tlsServerEndPoint(raw).applicationData).toEqual(endPoint('sha256', raw));
    }
  });

  it('do not exist for a signature without a hash', () => {
    expect(() => tlsServerEndPoint(signedBy('1.3.101.112'))).toThrow(
      expect.objectContaining({ major: 'UNAVAILABLE' }),
    );
    expect(() => tlsServerEndPoint(certificate.raw.subarray(1))).toThrow(
      expect.objectContaining({ code: 'CODEC' }),
    );
  });
});

describe('the bindings of a TLS connection', () => {
  it('are the same on both sides, and others for each connection', async () => {
    const [first, second] = [await connection('TLSv1.3'), await connection('TLSv1.3')];
    const ours = tlsExporter(first.client).applicationData;
    expect(Buffer.from(ours).toString('latin1')).toMatch(/^tls-exporter:[\s\S]{32}$/);
    expect(tlsExporter(first.server).applicationData).toEqual(ours);
    expect(tlsExporter(second.client).applicationData).not.toEqual(ours);
    for (const { close } of [first, second]) close();
  });

  it('up to TLS 1.2 are the first Finished message, also of a session that is resumed', async () => {
    const first = await connection('TLSv1.2');
    const session = first.client.getSession();
    const second = await connection('TLSv1.2', { session, listener: first.listener });
    expect([first, second].map(({ client }) => client.isSessionReused())).toEqual([false, true]);
    const [ours, others] = [first, second].map(
      ({ client }) => tlsUnique(client, 'client').applicationData,
    ) as [Uint8Array, Uint8Array];
    expect(Buffer.from(ours).toString('latin1')).toMatch(/^tls-unique:[\s\S]{12}$/);
    expect(Buffer.from(ours.subarray(11))).toEqual(first.client.getFinished());
    expect(Buffer.from(others.subarray(11))).toEqual(second.server.getFinished());
    expect(tlsUnique(first.server, 'server').applicationData).toEqual(ours);
    expect(tlsUnique(second.server, 'server').applicationData).toEqual(others);
    for (const { close } of [first, second]) close();
  });

  it('of that kind do not exist with TLS 1.3, nor before the handshake and after the end', async () => {
    const { client, close } = await connection('TLSv1.3');
    const ended = new TLSSocket(new Socket());
    ended.destroy();
    for (const socket of [client, new TLSSocket(new Socket()), ended]) {
      expect(() => tlsUnique(socket, 'client')).toThrow(expect.objectContaining({ major: 'UNAVAILABLE' }));
    }
    close();
  });

  it('do not exist before TLS 1.3', async () => {
    const { client, close } = await connection('TLSv1.2');
    expect(() => tlsExporter(client)).toThrow(expect.objectContaining({ major: 'UNAVAILABLE' }));
    close();
  });
});

interface Connection {
  readonly client: TLSSocket;
  readonly server: TLSSocket;
  readonly listener: Server;
  close(): void;
}

interface Resumed {
  readonly session: Buffer | undefined;
  readonly listener: Server;
}

async function connection(maxVersion: SecureVersion, resumed?: Resumed): Promise<Connection> {
  const listener = resumed?.listener ?? (await listen(maxVersion));
  const accepted = new Promise<TLSSocket>(resolve => listener.once('secureConnection', resolve));
  const { port } = listener.address() as AddressInfo;
  const { session } = resumed ?? {};
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...(session && { session }) });
  await new Promise<void>((resolve, reject) => client.once('secureConnect', resolve).once('error', reject));
  const server = await accepted;
  const close = (): void => {
    client.destroy();
    server.destroy();
    listener.close();
  };
  return { client, server, listener, close };
}

async function listen(maxVersion: SecureVersion): Promise<Server> {
  const { pem } = certify('localhost');
  const listener = createServer({ cert: pem.certificate, key: pem.key, maxVersion });
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve));
  return listener;
}
