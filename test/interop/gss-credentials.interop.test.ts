import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CacheContents, Ccache } from '../../src/ccache/ccache.ts';
import { configEntry, configKey, findConfig, isConfigEntry } from '../../src/ccache/config-entries.ts';
import { fileType } from '../../src/ccache/file.ts';
import { refreshFromKeytab } from '../../src/client/client-keytab.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { initialContents } from '../../src/client/initial-contents.ts';
import type { ServiceOptions } from '../../src/client/service.ts';
import { findPeerTgt } from '../../src/client/user-to-user.ts';
import { createConfig } from '../../src/config/config.ts';
import { loadProfile } from '../../src/config/load.ts';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { openContext } from '../../src/gss/initiate.ts';
import { initializeProxyCache } from '../../src/gss/proxy-cache.ts';
import { type KeytabEntry, resolveKeytab } from '../../src/keytab/keytab.ts';
import { type Credential, startOf } from '../../src/messages/credential.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { createTransport } from '../../src/transport/transport.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { type MitLdapKdc, startMitLdapKdc } from '../support/mit-ldap-kdc.ts';
import { describePeer } from '../support/peers.ts';
import { DELEG, MUTUAL, type PythonContext, startPythonContext } from '../support/python-gssapi.ts';

type Env = Readonly<Record<string, string>>;
const started: PythonContext[] = [];
afterAll(() => {
  for (const context of started) context.end();
});

function mitInitiator(env: Env, target = 'host@localhost', flags = MUTUAL): PythonContext {
  return remember(startPythonContext({ role: 'initiator', target, flags }, env));
}

function remember(context: PythonContext): PythonContext {
  started.push(context);
  return context;
}

function fileCcache(path: string): Ccache {
  const keychain = () => Promise.reject(new Error('no keychain is to be asked for'));
  return fileType.resolve(path, { dataDirectory: join(path, '..', 'data'), keychain }) as Ccache;
}

function optionsIn({ env, dir }: { readonly env: Env; readonly dir: string }): ServiceOptions {
  const user = { uid: 0, euid: 0, username: 'nobody', temp: dir };
  return { transport: createTransport(createConfig(loadProfile([env.KRB5_CONFIG!]), user)) };
}

/** One side of ours and one of theirs, until neither has anything to say. */
async function converse(ours: SecurityContext, theirs: PythonContext, weBegin: boolean): Promise<void> {
  let token = weBegin ? await ours.step() : undefined;
  do {
    const answer = await theirs.step(token);
    if (answer.error !== undefined) throw new Error(answer.error);
    token = answer.token && (await ours.step(answer.token));
  } while (token !== undefined);
  expect(ours.established).toBe(true);
}

async function establish(initiator: SecurityContext, acceptor: SecurityContext): Promise<void> {
  let token = await initiator.step();
  for (let side = acceptor; token !== undefined; side = side === acceptor ? initiator : acceptor) {
    token = await side.step(token);
  }
}

describePeer('python-gssapi', () => {
  const host = parsePrincipal('host/localhost@A.TEST');
  let kdc: MitKdc;
  let keytab: readonly KeytabEntry[];
  let options: ServiceOptions;
  let number = 0;

  beforeAll(async () => {
    kdc = await startMitKdc({
      libdefaults: ['forwardable = true'],
      principals: ['addprinc -pw peerpw peer'],
    });
    keytab = await resolveKeytab(`FILE:${kdc.keytab}`).entries();
    options = optionsIn(kdc);
  });
  afterAll(() => kdc?.stop());

  /** A cache that does not exist yet, and an environment in which MIT's programs use it. */
  function newCache() {
    const path = join(kdc.dir, `cache-${number++}`);
    return { path, cache: fileCcache(path), env: { ...kdc.env, KRB5CCNAME: `FILE:${path}` } };
  }

  function accept(): SecurityContext {
    return createAcceptor({ keytab });
  }

  describe('a client keytab', () => {
    const clientKeytab = () => ({ keytab: resolveKeytab(`FILE:${kdc.clientKeytab}`), forwardable: true });

    function open(cache: Ccache, more: Partial<ServiceOptions> = {}): Promise<SecurityContext> {
      return openContext(host, cache, { ...options, clientKeytab: clientKeytab(), ...more });
    }

    /** In seconds since 1970. */
    function refreshTime(contents: CacheContents): number {
      return Number(Buffer.from(findConfig(contents, 'refresh_time') ?? []).toString() || Number.NaN);
    }

    /** Whether a cache is to be filled anew half way through its ticket's life, to the second. */
    function expectHalfway({ credentials, ...contents }: CacheContents): void {
      const tgt = credentials.find(({ server }) => server.components[0] === 'krbtgt')!;
      const half = (startOf(tgt).getTime() + tgt.endtime.getTime()) / 2000;
      expect(Math.abs(refreshTime({ credentials, ...contents }) - half)).toBeLessThanOrEqual(1);
    }

    const notesOf = ({ credentials }: CacheContents) => credentials.map(configKey).filter(key => key);

    it('fills a cache as MIT’s does, to its notes', async () => {
      const [ours, theirs] = [newCache(), newCache()];
      await converse(
        await open(ours.cache),
        remember(startPythonContext({ role: 'acceptor' }, kdc.env)),
        true,
      );
      await converse(accept(), mitInitiator(theirs.env), false);
      const [our, their] = [await ours.cache.load(), await theirs.cache.load()];
      expectHalfway(their);
      expectHalfway(our);
      expect(notesOf(our).sort()).toEqual(notesOf(their).sort());
      const names = ({ credentials }: CacheContents) =>
        credentials
          .filter(entry => !isConfigEntry(entry))
          .map(({ client, server, flags }) => [formatPrincipal(client), formatPrincipal(server), flags]);
      expect(names(our)).toEqual(names(their));
    });

    it('is asked again by ours when MIT has noted so, and not before', async () => {
      const { cache, env } = newCache();
      await converse(accept(), mitInitiator(env), false);
      const before = await cache.load();
      const keytab = clientKeytab();
      const refused = () => Promise.reject(new Error('no KDC is to be asked'));
      await refreshFromKeytab(cache, keytab, { transport: refused });
      const later = () => new Date(refreshTime(before) * 1000);
      await refreshFromKeytab(cache, keytab, { ...options, now: later, kdcOffset: 0 });
      const ticketsOf = ({ credentials }: CacheContents) =>
        credentials.filter(entry => !isConfigEntry(entry)).map(({ ticket }) => ticket);
      const after = await cache.load();
      expectHalfway(after);
      expect(ticketsOf(after)).toHaveLength(1);
      expect(ticketsOf(before)).not.toContainEqual(ticketsOf(after)[0]);
    });

    it('is asked again by MIT’s when ours has noted so', async () => {
      const { cache, env } = newCache();
      await open(cache);
      const { principal } = await cache.load();
      await cache.store([configEntry(principal, 'refresh_time', undefined, '1000')], new Date(0));
      await converse(accept(), mitInitiator(env), false);
      expectHalfway(await cache.load());
    });

    it.each(['ours', 'MIT’s'])('saves a cache that is about to expire: %s', async whose => {
      const { cache, env, path } = newCache();
      const { status, stderr } = await kdc.run('kinit', ['-l', '20s', '-c', path, 'alice'], 'alicepw\n');
      expect([status, stderr]).toEqual([0, '']);
      await (whose === 'ours' ? open(cache) : converse(accept(), mitInitiator(env), false));
      expectHalfway(await cache.load());
    });
  });

  it('what MIT’s initiator delegates, our acceptor keeps in a cache that stock programs use', async () => {
    const user = newCache();
    expect((await kdc.run('kinit', ['-f', '-c', user.path, 'alice'], 'alicepw\n')).status).toBe(0);
    const ours = accept();
    await converse(ours, mitInitiator(user.env, 'host@localhost', MUTUAL | DELEG), false);
    const [tgt] = ours.info.delegated!;
    const kept = newCache();
    await kept.cache.initialize({ principal: tgt!.client, credentials: ours.info.delegated! });
    const listed = await kdc.run('klist', ['-f', '-c', kept.path]);
    expect(listed.stdout).toMatch(
      /Default principal: alice@A\.TEST[\s\S]*krbtgt\/A\.TEST@A\.TEST\s+.*Flags: Ff/,
    );
    const got = await kdc.run('kvno', ['-c', kept.path, 'HTTP/localhost']);
    expect([got.status, got.stdout]).toEqual([
      0,
      expect.stringMatching(/^HTTP\/localhost@A\.TEST: kvno = \d/),
    ]);
  });

  it('what ours delegates, MIT’s acceptor keeps in a cache that ours opens contexts from', async () => {
    const user = newCache();
    expect((await kdc.run('kinit', ['-f', '-c', user.path, 'alice'], 'alicepw\n')).status).toBe(0);
    const theirs = remember(startPythonContext({ role: 'acceptor' }, kdc.env));
    const ours = await openContext(host, user.cache, { ...options, delegation: 'always' });
    await converse(ours, theirs, true);
    const kept = newCache();
    await theirs.store(`FILE:${kept.path}`);
    const acceptor = accept();
    await establish(await openContext(host, kept.cache, options), acceptor);
    expect(acceptor.info.initiator.components).toEqual(['alice']);
  });

  it('user to user: an acceptor with no key but that of its ticket-granting ticket', async () => {
    const [user, peer] = [newCache(), newCache()];
    await kdc.run('kinit', ['-c', user.path, 'alice'], 'alicepw\n');
    await kdc.run('kinit', ['-c', peer.path, 'peer'], 'peerpw\n');
    const name = parsePrincipal('peer@A.TEST');
    const initiator = await openContext(name, user.cache, { ...options, userToUser: true });
    const acceptor = createAcceptor({ keytab: [], tgt: await findPeerTgt(peer.cache, options) });
    await establish(initiator, acceptor);
    expect(acceptor.info).toMatchObject({ initiator: { components: ['alice'] }, acceptor: name });
    expect(initiator.info.acceptor).toMatchObject({ components: ['peer'], realm: 'A.TEST' });
    const message = Buffer.from('from user to user');
    expect(message.equals(acceptor.unwrap(initiator.wrap(message)).message)).toBe(true);
  });
});

describePeer('mit-ldap-kdc', () => {
  const front = parsePrincipal('front/localhost@L.TEST');
  const behind = parsePrincipal('HTTP/localhost@L.TEST');
  let kdc: MitLdapKdc;
  let options: ServiceOptions;
  let keytab: readonly KeytabEntry[];
  let own: Ccache;
  let users: Ccache;

  beforeAll(async () => {
    kdc = await startMitLdapKdc();
    options = optionsIn(kdc);
    keytab = await resolveKeytab(`FILE:${kdc.keytab}`).entries();
    own = await login('front/localhost', { keytab });
    users = await login('alice', { password: async () => 'alicepw' });
  });
  afterAll(() => kdc?.stop());

  async function login(name: string, secret: Parameters<typeof getInitialCredential>[1]): Promise<Ccache> {
    const client = parsePrincipal(`${name}@L.TEST`);
    const result = await getInitialCredential(client, secret, { ...options, forwardable: true });
    const cache = fileCcache(join(kdc.dir, `cc-${name.replace('/', '-')}`));
    await cache.initialize(initialContents(result));
    return cache;
  }

  function environment(cache: Ccache): Env {
    return {
      ...kdc.env,
      KRB5_KTNAME: `FILE:${kdc.keytab}`,
      KRB5_CLIENT_KTNAME: 'FILE:/nonexistent',
      KRB5RCACHENAME: 'none:',
      KRB5CCNAME: `FILE:${cache.residual}`,
    };
  }

  async function evidence(): Promise<Credential> {
    const acceptor = createAcceptor({ keytab, server: front });
    await establish(await openContext(front, users, { ...options, noStore: true }), acceptor);
    return acceptor.info.evidence!;
  }

  function expectAlice({ info }: SecurityContext): void {
    expect(info.initiator).toMatchObject({ components: ['alice'] });
    expect(info.acceptor).toMatchObject({ components: ['HTTP', 'localhost'] });
  }

  it('a cache of ours lets us and MIT’s library act for the user, wherever the KDC allows it', async () => {
    const cache = fileCcache(join(kdc.dir, 'proxy-ours'));
    await initializeProxyCache(cache, { own, evidence: await evidence() });

    const theirs = mitInitiator(environment(cache), 'HTTP@localhost');
    const acceptor = createAcceptor({ keytab, server: behind });
    await converse(acceptor, theirs, false);
    expectAlice(acceptor);

    const ours = createAcceptor({ keytab, server: behind });
    await establish(await openContext(behind, cache, options), ours);
    expectAlice(ours);
    const back = createAcceptor({ keytab, server: front });
    await establish(await openContext(front, cache, options), back);
    expect(back.info.initiator).toMatchObject({ components: ['alice'] });

    const forbidden = parsePrincipal('host/localhost@L.TEST');
    await expect(openContext(forbidden, cache, options)).rejects.toMatchObject({ code: 'KDC_ERROR' });
  });

  it('a cache of MIT’s acceptor lets us act for the user', async () => {
    const theirs = remember(startPythonContext({ role: 'acceptor', proxy: true }, environment(own)));
    await converse(await openContext(front, users, { ...options, noStore: true }), theirs, true);
    const cache = fileCcache(join(kdc.dir, 'proxy-theirs'));
    await theirs.store(`FILE:${cache.residual}`);
    const ours = createAcceptor({ keytab, server: behind });
    const context = await openContext(behind, cache, options);
    await establish(context, ours);
    expectAlice(ours);
    expect(context.info.acceptor).toMatchObject({ components: ['HTTP', 'localhost'], realm: 'L.TEST' });
    // Both caches hold the same: that of ours is of another ticket alone.
    const mine = fileCcache(join(kdc.dir, 'proxy-mine'));
    await initializeProxyCache(mine, { own, evidence: await evidence() });
    const facts = async (of: Ccache) =>
      (await of.load()).credentials
        .filter(({ server }) => server.components[0] !== 'HTTP')
        .map(({ client, server }) => `${formatPrincipal(client)} ${formatPrincipal(server)}`)
        .sort();
    expect(await facts(mine)).toEqual(await facts(cache));
  });
});
