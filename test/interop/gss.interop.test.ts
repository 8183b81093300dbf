import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { fileType } from '../../src/ccache/file.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { createConfig } from '../../src/config/config.ts';
import { loadProfile } from '../../src/config/load.ts';
import { enctypeName } from '../../src/crypto/enctype-names.ts';
import { type AcceptorOptions, createAcceptor } from '../../src/gss/acceptor.ts';
import { getConstrainedCredential } from '../../src/gss/constrained.ts';
import type { ChannelBindings, SecurityContext } from '../../src/gss/context.ts';
import { type OpenContextOptions, openContext } from '../../src/gss/initiate.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { type KeytabEntry, resolveKeytab } from '../../src/keytab/keytab.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { exchangeTcp } from '../../src/transport/tcp.ts';
import { createTransport } from '../../src/transport/transport.ts';
import { type GssServer, serveGssClient, startGssServer, talkToGssServer } from '../support/gss-sample.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { startMitLdapKdc } from '../support/mit-ldap-kdc.ts';
import { describePeer } from '../support/peers.ts';
import {
  CONF,
  DCE_STYLE,
  DELEG,
  INTEG,
  MUTUAL,
  type PythonContext,
  type PythonWishes,
  REPLAY,
  SEQUENCE,
  startPythonContext,
} from '../support/python-gssapi.ts';

const ETYPES = [17, 18, 19, 20, 23, 25, 26];
const host = parsePrincipal('host/localhost@A.TEST');
const bindings: ChannelBindings = { applicationData: Buffer.from('tls-server-end-point:0123456789abcdef') };
const other: ChannelBindings = { applicationData: Buffer.from('tls-server-end-point:fedcba9876543210') };
const SIZES = [0, 1, 65_536];

/** A realm with alice's ticket-granting ticket in two caches, of which MIT's clients change one. */
async function startRealm(): Promise<MitKdc> {
  const kdc = await startMitKdc({ libdefaults: ['allow_rc4 = true'] });
  kdc.kadmin(['modprinc +ok_as_delegate host/localhost']);
  const { status, stderr } = await kdc.run('kinit', ['-f', 'alice'], 'alicepw\n');
  if (status !== 0) throw new Error(stderr);
  copyFileSync(join(kdc.dir, 'ccache'), join(kdc.dir, 'initial'));
  return kdc;
}

function transportOf(kdc: MitKdc): OpenContextOptions['transport'] {
  return (_, request) =>
    exchangeTcp({ protocol: 'tcp', host: '127.0.0.1', port: kdc.port }, request, {
      resendAfter: [],
      signal: AbortSignal.timeout(20_000),
    });
}

function fileCcache(path: string): Ccache {
  const keychain = () => Promise.reject(new Error('no keychain is to be asked for'));
  return fileType.resolve(path, { dataDirectory: join(path, '..', 'data'), keychain }) as Ccache;
}

/** `env` for MIT's clients, with a cache that has no ticket for a service yet. */
function freshCache(kdc: MitKdc): Readonly<Record<string, string>> {
  const cache = join(kdc.dir, 'fresh');
  copyFileSync(join(kdc.dir, 'initial'), cache);
  return { ...kdc.env, KRB5CCNAME: `FILE:${cache}` };
}

describePeer('python-gssapi', () => {
  let kdc: MitKdc;
  let cache: Ccache;
  let keytab: readonly KeytabEntry[];
  const started: PythonContext[] = [];

  beforeAll(async () => {
    kdc = await startRealm();
    cache = fileCcache(join(kdc.dir, 'ccache'));
    keytab = await resolveKeytab(`FILE:${kdc.keytab}`).entries();
  });
  afterAll(async () => {
    for (const context of started) context.end();
    await kdc?.stop();
  });

  function mit(wishes: PythonWishes, env = kdc.env): PythonContext {
    const context = startPythonContext({ target: 'host@localhost', ...wishes }, env);
    started.push(context);
    return context;
  }

  function open(options: Partial<OpenContextOptions> = {}): Promise<SecurityContext> {
    return openContext(host, cache, { transport: transportOf(kdc), noStore: true, ...options });
  }

  function accept(options: Partial<AcceptorOptions> = {}): SecurityContext {
    return createAcceptor({ keytab, permittedEnctypes: ETYPES, ...options });
  }

  /** Our initiator against MIT's acceptor; resolves to what that says of the context. */
  async function initiate(ours: SecurityContext, theirs: PythonContext) {
    let facts: Awaited<ReturnType<PythonContext['step']>>['facts'];
    for (let token = await ours.step(); token !== undefined; ) {
      const answer = await theirs.step(token);
      if (answer.error !== undefined && answer.token === undefined) throw new Error(answer.error);
      facts = answer.facts;
      token = answer.token && (await ours.step(answer.token));
    }
    expect(ours.established).toBe(true);
    return facts!;
  }

  /** MIT's initiator against our acceptor. */
  async function beInitiated(theirs: PythonContext, ours: SecurityContext) {
    let answer = await theirs.step();
    if (answer.error !== undefined) throw new Error(answer.error);
    while (answer.token !== undefined) {
      const reply = await ours.step(answer.token);
      if (reply === undefined) break;
      answer = await theirs.step(reply);
      if (answer.error !== undefined) throw new Error(answer.error);
    }
    expect(ours.established).toBe(true);
    return answer.facts!;
  }

  async function exchange(ours: SecurityContext, theirs: PythonContext): Promise<void> {
    for (const size of SIZES) {
      const message = Buffer.alloc(size, 'message');
      for (const seal of [true, false]) {
        const received = await theirs.unwrap(ours.wrap(message, { seal }));
        expect(received.sealed).toBe(seal);
        expect(message.equals(received.message)).toBe(true);
        const sent = ours.unwrap(await theirs.wrap(message, seal));
        expect(sent.sealed).toBe(seal);
        expect(message.equals(sent.message)).toBe(true);
      }
      await theirs.verifyMic(message, ours.mic(message));
      ours.verifyMic(message, await theirs.mic(message));
    }
  }

  describe.each(ETYPES)('with a session key of enctype %i', etype => {
    beforeAll(() => void kdc.kadmin([`setstr host/localhost session_enctypes ${enctypeName(etype)}`]));
    afterAll(() => void kdc.kadmin(['delstr host/localhost session_enctypes']));

    it.each(['mutual', 'one way', 'DCE style'])('our initiator is accepted and understood, %s', async how => {
      const flags = { mutual: how === 'mutual', dceStyle: how === 'DCE style' };
      const theirs = mit({ role: 'acceptor' });
      const ours = await open({ flags, enctypes: [etype] });
      const facts = await initiate(ours, theirs);
      expect(facts).toMatchObject({ initiator: 'alice@A.TEST', delegated: null });
      const asked = (how === 'one way' ? 0 : MUTUAL) | (how === 'DCE style' ? DCE_STYLE : 0);
      expect(facts.flags & (MUTUAL | DCE_STYLE | DELEG)).toBe(asked);
      expect(facts.flags & (REPLAY | SEQUENCE | CONF | INTEG)).toBe(REPLAY | SEQUENCE | CONF | INTEG);
      if (how !== 'DCE style') await exchange(ours, theirs);
    });

    it.each(['mutual', 'one way', 'DCE style'])('our acceptor accepts and understands, %s', async how => {
      const mutual = how === 'one way' ? 0 : MUTUAL;
      const flags = REPLAY | SEQUENCE | CONF | INTEG | mutual | (how === 'DCE style' ? DCE_STYLE : 0);
      const theirs = mit({ role: 'initiator', flags }, freshCache(kdc));
      const ours = accept();
      await beInitiated(theirs, ours);
      expect(ours.info).toMatchObject({
        initiator: { components: ['alice'], realm: 'A.TEST' },
        acceptor: { components: ['host', 'localhost'] },
        flags: { mutual: mutual !== 0, dceStyle: how === 'DCE style', replay: true, sequence: true },
      });
      expect(ours.info.ticket?.key.keytype).toBe(etype);
      if (how !== 'DCE style') await exchange(ours, theirs);
    });
  });

  it('what our initiator delegates is a credential to MIT’s acceptor', async () => {
    for (const delegation of ['policy', 'always'] as const) {
      const facts = await initiate(await open({ delegation }), mit({ role: 'acceptor' }));
      expect(facts.flags & DELEG).toBe(DELEG);
      expect(facts.delegated).toBe('alice@A.TEST');
    }
  });

  it('what MIT’s initiator delegates is a credential to our acceptor, for a cache', async () => {
    const ours = accept();
    await beInitiated(mit({ role: 'initiator', flags: MUTUAL | DELEG }), ours);
    expect(ours.info.flags.delegation).toBe(true);
    const [tgt] = ours.info.delegated!;
    expect(tgt).toMatchObject({
      client: { components: ['alice'] },
      server: { components: ['krbtgt', 'A.TEST'] },
    });
    const delegated = fileCcache(join(kdc.dir, 'delegated'));
    await delegated.initialize({ principal: tgt!.client, credentials: [tgt!] });
    const env = { ...kdc.env, KRB5CCNAME: `FILE:${join(kdc.dir, 'delegated')}` };
    await beInitiated(mit({ role: 'initiator', flags: MUTUAL }, env), accept());
  });

  it.each<[string, ChannelBindings | undefined, ChannelBindings | undefined, boolean]>([
    ['the same', bindings, bindings, true],
    ['others', bindings, other, false],
    ['none at the initiator', undefined, bindings, true],
    ['none at the acceptor', bindings, undefined, true],
  ])('channel bindings: %s', async (_, asked, accepted, fits) => {
    const theirBindings = (of: ChannelBindings | undefined) => (of ? { bindings: of.applicationData } : {});
    const initiated = initiate(
      await open({ channelBindings: asked }),
      mit({ role: 'acceptor', ...theirBindings(accepted) }),
    );
    const accepting = beInitiated(
      mit({ role: 'initiator', flags: MUTUAL, ...theirBindings(asked) }),
      accept({ channelBindings: accepted }),
    );
    if (fits) {
      await initiated;
      await accepting;
      return;
    }
    // MIT’s acceptor ends without a token, or has one.
    await Promise.all([
      expect(initiated).rejects.toThrow(),
      expect(accepting).rejects.toMatchObject({ major: 'BAD_BINDINGS' }),
    ]);
  });

  it('speaks SPNEGO both ways', async () => {
    const theirs = mit({ role: 'acceptor', mechanism: 'spnego' });
    const ours = await open({ mechanism: 'spnego' });
    expect(await initiate(ours, theirs)).toMatchObject({ initiator: 'alice@A.TEST' });
    await exchange(ours, theirs);
  });

  it('our initiator learns why MIT’s acceptor refuses, and MIT’s why ours does', async () => {
    const theirs = mit({ role: 'acceptor' });
    const ours = await open({ now: () => new Date(Date.now() - 3_600_000), clockskew: 7200 });
    const answer = await theirs.step(await ours.step());
    expect(answer.error).toMatch(/[Cc]lock skew/);
    await expect(ours.step(answer.token)).rejects.toMatchObject({ cause: { errorCode: 37 } });

    const initiator = mit({ role: 'initiator', flags: MUTUAL });
    const late = accept({ now: () => new Date(Date.now() + 3_600_000) });
    const refused = await late.step((await initiator.step()).token).catch(error => error);
    expect(refused).toMatchObject({ major: 'FAILURE', cause: { errorCode: 37 } });
    expect((await initiator.step(refused.token)).error).toMatch(/[Cc]lock skew/);
  });

  it('a replay of what MIT’s initiator has sent is refused', async () => {
    const { token } = await mit({ role: 'initiator', flags: MUTUAL }).step();
    const replayCache = createMemoryReplayCache();
    await accept({ replayCache }).step(token);
    await expect(accept({ replayCache }).step(token)).rejects.toMatchObject({ major: 'DUPLICATE_TOKEN' });
  });
});

describePeer('gss-sample-pair', () => {
  let kdc: MitKdc;
  let server: GssServer;

  beforeAll(async () => {
    kdc = await startRealm();
    server = await startGssServer('host@localhost', kdc.env);
  });
  afterAll(async () => {
    await server?.stop();
    await kdc?.stop();
  });

  it.each<[string, Partial<OpenContextOptions>]>([
    ['mutual', {}],
    ['one way', { flags: { mutual: false } }],
    ['with delegation', { delegation: 'always' }],
    ['without order', { flags: { sequence: false, replay: false } }],
    ['in SPNEGO', { mechanism: 'spnego' }],
  ])('gss-server accepts our initiator and vouches for its messages: %s', async (_, options) => {
    const cache = fileCcache(join(kdc.dir, 'ccache'));
    const context = await openContext(host, cache, { transport: transportOf(kdc), ...options });
    await talkToGssServer(
      server.port,
      context,
      // The server does not survive a message without an octet.
      SIZES.filter(size => size > 0).flatMap(size =>
        [true, false].map(seal => ({ message: Buffer.alloc(size, 'gss'), seal })),
      ),
    );
    await expect.poll(() => server.output()).toContain('alice@A.TEST');
  });

  it.each([[[]], [['-nomutual']], [['-d']], [['-seq']], [['-noreplay']]])(
    'our acceptor serves gss-client %j',
    async args => {
      const keytab = resolveKeytab(`FILE:${kdc.keytab}`);
      const service = await serveGssClient(createAcceptor({ keytab: () => keytab.entries() }));
      const port = `${service.port}`;
      const { status, stdout } = await kdc.run('gss-client', [
        ...['-port', port, ...args, '-mcount', '3', 'localhost', 'host@localhost', 'Guten Tag'],
      ]);
      service.server.close();
      expect(stdout.match(/Signature verified/g)).toHaveLength(3);
      expect(status).toBe(0);
      const { messages, context } = await service.served;
      expect(messages).toEqual(['Guten Tag', 'Guten Tag', 'Guten Tag']);
      expect(context.info.flags).toMatchObject({
        mutual: !args.includes('-nomutual'),
        delegation: args.includes('-d'),
      });
      expect(context.info.delegated?.length).toBe(args.includes('-d') ? 1 : undefined);
    },
  );
});

describePeer('mit-ldap-kdc', () => {
  it('an acceptor reaches another service in the name of who opened the context', async () => {
    const kdc = await startMitLdapKdc();
    try {
      const config = createConfig(loadProfile([kdc.env.KRB5_CONFIG!]), {
        ...{ uid: 0, euid: 0, username: 'nobody', temp: kdc.dir },
      });
      const options = { transport: createTransport(config) };
      const cacheOf = async (name: string, secret: Parameters<typeof getInitialCredential>[1]) => {
        const client = parsePrincipal(`${name}@L.TEST`);
        const { credential } = await getInitialCredential(client, secret, { ...options, forwardable: true });
        const cache = fileCcache(join(kdc.dir, `cc-${name.replace('/', '-')}`));
        await cache.initialize({ principal: client, credentials: [credential] });
        return cache;
      };
      const entries = await resolveKeytab(`FILE:${kdc.keytab}`).entries();
      const users = await cacheOf('alice', { password: async () => 'alicepw' });
      const own = await cacheOf('front/localhost', { keytab: entries });
      const acceptor = createAcceptor({ keytab: entries });
      const front = parsePrincipal('front/localhost@L.TEST');
      const initiator = await openContext(front, users, options);
      await initiator.step(await acceptor.step(await initiator.step()));
      const { info } = acceptor;
      const server = parsePrincipal('HTTP/localhost@L.TEST');
      const credential = await getConstrainedCredential(own, { info, server }, options);
      expect(credential).toMatchObject({ client: { components: ['alice'] }, server });

      // With it the other service is told that alice is there.
      const behind = createAcceptor({ keytab: entries, server });
      const onBehalf = createInitiator(credential);
      await onBehalf.step(await behind.step(await onBehalf.step()));
      expect(behind.info.initiator).toMatchObject({ components: ['alice'] });

      const forbidden = parsePrincipal('host/localhost@L.TEST');
      await expect(getConstrainedCredential(own, { info, server: forbidden }, options)).rejects.toMatchObject(
        { code: 'KDC_ERROR' },
      );
    } finally {
      await kdc.stop();
    }
  });
});
