import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptOptions, type ApAccepted, acceptApReq } from '../../src/ap/acceptor.ts';
import type { ByteStream } from '../../src/ap/byte-stream.ts';
import type { ReplayCache } from '../../src/ap/replay-cache.ts';
import { fileReplayCache } from '../../src/ap/replay-file.ts';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { presentToSample, serveSample } from '../../src/ap/sample-service.ts';
import { socketStream } from '../../src/ap/socket-stream.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { type KeytabEntry, resolveKeytab } from '../../src/keytab/keytab.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { hostAddress } from '../../src/messages/host-address.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { exchangeTcp } from '../../src/transport/tcp.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { type MitSampleService, runMitSampleClient, startMitSampleService } from '../support/mit-sample.ts';
import { describePeer } from '../support/peers.ts';

describePeer('mit-sample', () => {
  const sample = parsePrincipal('sample/localhost@A.TEST');
  const etypes = [18, 17, 20, 19, 26, 25, 23];
  let kdc: MitKdc;
  let service: MitSampleService;
  let keytab: readonly KeytabEntry[];
  let replayPath: string;

  beforeAll(async () => {
    kdc = await startMitKdc({ libdefaults: ['allow_rc4 = true'] });
    kdc.kadmin([`setstr sample/localhost session_enctypes "aes camellia rc4"`]);
    keytab = await resolveKeytab(`FILE:${kdc.keytab}`).entries();
    replayPath = join(kdc.dir, 'rcache', 'shared');
    service = await startMitSampleService({ ...kdc.env, KRB5RCACHENAME: `file2:${replayPath}` });
  });
  afterAll(async () => {
    await service?.stop();
    await kdc?.stop();
  });

  it.each([18, 17, 20, 19])(
    'our client is known to MIT’s sample service, with a session key of enctype %i',
    async etype => {
      const { text, session } = await present(await sampleCredential([etype]), service.port);
      expect(text).toBe('You are alice@A.TEST\n');
      expect(session).toMatchObject({ mutual: true, sessionKey: { etype } });
      expect(await service.verdict()).toBe('accepted alice@A.TEST');
    },
  );

  it('our client learns why MIT’s service refuses', async () => {
    const credential = { ...(await sampleCredential()), client: parsePrincipal('mallory@A.TEST') };
    await expect(present(credential, service.port)).rejects.toMatchObject({
      code: 'SERVER_REFUSED',
      errorCode: 36,
    });
    expect(await service.verdict()).toMatch(/^refused .*match/);
  });

  it('MIT’s sample client is known to our service', async () => {
    expect((await kdc.run('kinit', ['alice'], 'alicepw\n')).status).toBe(0);
    const ours = await serve({ checksumData: Buffer.from('localhost') });
    expect(await runMitSampleClient(ours.port, kdc.env)).toBe('You are alice@A.TEST\n');
    const { session, ticket } = await ours.outcome;
    expect(session).toMatchObject({ client: { components: ['alice'] }, mutual: true });
    expect(ticket.crealm).toBe('A.TEST');
    ours.server.close();
  });

  it('MIT’s sample client learns why our service refuses', async () => {
    await kdc.run('kinit', ['alice'], 'alicepw\n');
    const ours = await serve({ now: () => new Date(Date.now() + 3_600_000) });
    const refused = expect(ours.outcome).rejects.toMatchObject({ code: 'AP_REFUSED', errorCode: 37 });
    expect(await runMitSampleClient(ours.port, kdc.env)).toMatch(/^rejected 37 KRB_AP_ERR_SKEW/);
    await refused;
    ours.server.close();
  });

  describe.each(['small', 'large'])('in a %s replay cache that both use', size => {
    beforeAll(() => {
      const cache = fileReplayCache(replayPath);
      // enough for new records to be looked for in the third and fourth table
      const others = size === 'small' ? 10 : 6000;
      for (let i = 0; i < others; i++) cache.check(randomBytes(12), new Date(), new Date());
    });

    it.each(etypes)(
      'an authenticator that MIT accepted is a replay to us, with a key of enctype %i',
      async etype => {
        const recorded: Buffer[] = [];
        await present(await sampleCredential([etype]), service.port, recorded);
        expect(await service.verdict()).toMatch(/^accepted/);
        const replayCache = fileReplayCache(replayPath);
        const apReq = recorded[1]!.subarray(4);
        const accept = (cache: ReplayCache) =>
          acceptApReq(apReq, { keytab, permittedEnctypes: etypes, replayCache: cache });
        await expect(accept(replayCache)).rejects.toThrow('Request is a replay');
        await accept(createMemoryReplayCache());
      },
    );

    it.each(etypes)(
      'an authenticator that we accepted is a replay to MIT, with a key of enctype %i',
      async etype => {
        const ours = await serve({ permittedEnctypes: etypes, replayCache: fileReplayCache(replayPath) });
        const recorded: Buffer[] = [];
        const { text } = await present(await sampleCredential([etype]), ours.port, recorded);
        expect(text).toBe('You are alice@A.TEST\n');
        ours.server.close();
        const socket = await connected(service.port);
        socket.end(Buffer.concat(recorded));
        expect(await service.verdict()).toMatch(/^refused .*replay/i);
        socket.destroy();
      },
    );
  });

  /** A ticket for the sample service whose session key is of the first enctype. */
  async function sampleCredential(enctypes: readonly number[] = [18]): Promise<Credential> {
    const transport = (_: string, request: Uint8Array): Promise<Uint8Array> =>
      exchangeTcp({ protocol: 'tcp', host: '127.0.0.1', port: kdc.port }, request, {
        resendAfter: [],
        signal: AbortSignal.timeout(20_000),
      });
    const password = async (): Promise<string> => 'alicepw';
    const alice = parsePrincipal('alice@A.TEST');
    const { credential: tgt } = await getInitialCredential(alice, { password }, { transport });
    return exchangeTgs(tgt, sample, { kdcOptions: 0 }, { transport, enctypes });
  }

  /** Our sample service, for one client. */
  async function serve(
    options: Partial<AcceptOptions>,
  ): Promise<{ readonly server: Server; readonly port: number; readonly outcome: Promise<ApAccepted> }> {
    const server = createServer();
    const outcome = new Promise<Socket>(resolve => server.once('connection', resolve)).then(socket =>
      serveSample(socketStream(socket), {
        keytab,
        server: { service: 'sample' },
        address: hostAddress(socket.remoteAddress ?? ''),
        ...options,
      }).finally(() => socket.destroySoon()),
    );
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return { server, port: (server.address() as { port: number }).port, outcome };
  }
});

async function present(credential: Credential, port: number, recorded: Buffer[] = []) {
  const socket = await connected(port);
  const stream = socketStream(socket);
  const recording: ByteStream = {
    read: length => stream.read(length),
    write(bytes) {
      recorded.push(Buffer.from(bytes));
      return stream.write(bytes);
    },
  };
  try {
    return await presentToSample(recording, credential, { host: 'localhost' });
  } finally {
    socket.destroy();
  }
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}
