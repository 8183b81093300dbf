import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { TransportError } from '../../src/errors.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { createIakerbAcceptor } from '../../src/gss/iakerb/acceptor.ts';
import { openProxyToken, proxyToken } from '../../src/gss/iakerb/messages.ts';
import { type OpenContextOptions, openContext } from '../../src/gss/initiate.ts';
import { IAKERB } from '../../src/gss/oids.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { exchangeTcp } from '../../src/transport/tcp.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { serveGssClient } from '../support/gss-sample.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';
import { type PythonContext, type PythonWishes, startPythonContext } from '../support/python-gssapi.ts';

const host = parsePrincipal('host/localhost@A.TEST');
const alice = parsePrincipal('alice@A.TEST');
const MESSAGE = Buffer.from('seen by nobody else');
let caches = 0;

describePeer('python-gssapi', () => {
  let kdc: MitKdc;
  const started: PythonContext[] = [];

  beforeAll(async () => {
    kdc = await startMitKdc();
  });
  afterAll(async () => {
    for (const context of started) context.end();
    await kdc?.stop();
  });

  function mit(
    wishes: Omit<PythonWishes, 'mechanism'>,
    env: Readonly<Record<string, string>>,
  ): PythonContext {
    const context = startPythonContext({ target: 'host@localhost', mechanism: 'iakerb', ...wishes }, env);
    started.push(context);
    return context;
  }

  async function open(password: string, options: Partial<OpenContextOptions> = {}): Promise<SecurityContext> {
    const cache = await resolveCcache(`MEMORY:iakerb${caches++}`, {
      dataDirectory: kdc.dir,
      keychain: () => Promise.reject(new Error('no keychain is to be asked for')),
    });
    return openContext(host, cache, {
      mechanism: 'iakerb',
      transport: () => Promise.reject(new Error('no KDC is to be reached')),
      clientPassword: { client: alice, password: async () => password, forwardable: true },
      ...options,
    });
  }

  async function talk(ours: SecurityContext, theirs: PythonContext): Promise<void> {
    for (const seal of [true, false]) {
      const received = await theirs.unwrap(ours.wrap(MESSAGE, { seal }));
      expect([received.sealed, MESSAGE.equals(received.message)]).toEqual([seal, true]);
      const sent = ours.unwrap(await theirs.wrap(MESSAGE, seal));
      expect([sent.sealed, MESSAGE.equals(sent.message)]).toEqual([seal, true]);
    }
  }

  it.each([
    ['a password', {}],
    ['delegation', { delegation: 'always' }],
    ['without an answer', { flags: { mutual: false } }],
  ] as const)('our initiator logs in through MIT’s acceptor: %s', async (how, options) => {
    const ours = await open('alicepw', options);
    const theirs = mit({ role: 'acceptor' }, kdc.env);
    let answer: Awaited<ReturnType<PythonContext['step']>> | undefined;
    let legs = 0;
    for (let token = await ours.step(); token !== undefined; legs++) {
      answer = await theirs.step(token);
      expect(answer.error).toBeUndefined();
      token = answer.token && (await ours.step(answer.token));
    }
    expect(answer?.facts).toMatchObject({
      initiator: 'alice@A.TEST',
      delegated: how === 'delegation' ? 'alice@A.TEST' : null,
    });
    expect(legs).toBeGreaterThan(3);
    expect(ours.info).toMatchObject({ mechanism: IAKERB, initiator: alice, acceptor: host });
    await talk(ours, theirs);
  });

  it('our initiator is told what the KDC says of a wrong password, and MIT’s acceptor nothing', async () => {
    const ours = await open('wrong');
    const theirs = mit({ role: 'acceptor' }, kdc.env);
    const failed = (async () => {
      for (let token = await ours.step(); token !== undefined; )
        token = await ours.step((await theirs.step(token)).token);
    })();
    await expect(failed).rejects.toThrow('Password incorrect');
  });

  it('MIT’s acceptor refuses an exchange with our initiator that was changed on its way', async () => {
    const ours = await open('alicepw');
    const theirs = mit({ role: 'acceptor' }, kdc.env);
    let answer = await theirs.step(await ours.step());
    while (answer.error === undefined) {
      // A cookie that it did not send changes nothing else.
      const token = await ours.step(withCookie(answer.token!));
      answer = await theirs.step(token);
    }
    expect(answer.error).toMatch(/[Ii]ntegrity|[Cc]hecksum/);
  });
});

describePeer('gss-sample-pair', () => {
  /** What gss-client does with our acceptor, where its configuration names no KDC that listens. */
  async function beVisited(args: readonly string[], transport?: Transport) {
    const kdc = await startMitKdc();
    try {
      const keytab = await resolveKeytab(`FILE:${kdc.keytab}`).entries();
      const acceptor = createIakerbAcceptor({
        ...{ keytab, realms: ['A.TEST'] },
        transport: transport ?? transportTo(kdc),
      });
      const { server, port, served } = await serveGssClient(acceptor);
      // Nothing listens on port 1.
      const config = readFileSync(kdc.krb5Conf, 'utf8');
      writeFileSync(kdc.krb5Conf, config.replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '127.0.0.1:1'));
      const login = ['-iakerb', '-user', 'alice@A.TEST', '-pass', 'alicepw', '-port', `${port}`];
      const [seen, result] = await Promise.all([
        served.catch(() => undefined),
        kdc.run('gss-client', [...login, ...args, 'localhost', 'host@localhost', 'Guten Tag']),
      ]);
      server.close();
      return { ...result, seen };
    } finally {
      await kdc.stop();
    }
  }

  it.each([[[]], [['-nomutual']]])('gss-client logs in through our acceptor with %j', async args => {
    const { status, stdout, stderr, seen } = await beVisited(args);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Signature verified');
    expect(seen?.messages).toEqual(['Guten Tag']);
    expect(seen?.context.info).toMatchObject({ mechanism: IAKERB, initiator: alice });
  });

  it('gss-client says that our acceptor reaches no KDC', async () => {
    const { status, stdout, stderr } = await beVisited([], async realm => {
      throw new TransportError('KDC_UNREACHABLE', 'no answer', realm);
    });
    expect(status).toBe(1);
    expect(stdout + stderr).toContain('The KDC did not respond to the IAKERB proxy');
  });
});

function transportTo(kdc: MitKdc): Transport {
  return (_, request) =>
    exchangeTcp({ protocol: 'tcp', host: '127.0.0.1', port: kdc.port }, request, {
      resendAfter: [],
      signal: AbortSignal.timeout(20_000),
    });
}

function withCookie(token: Uint8Array): Uint8Array {
  const { header, message } = openProxyToken(token)!;
  return proxyToken({ header: { ...header, cookie: Buffer.from('cookie') }, message });
}
