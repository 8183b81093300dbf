import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { memoryType } from '../../src/ccache/memory.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import type { Authenticated } from '../../src/http/authenticated.ts';
import { type AcceptContextsOptions, openFromCache } from '../../src/http/contexts.ts';
import { negotiateFetch } from '../../src/http/fetch.ts';
import { type NegotiateServer, negotiateServer } from '../../src/http/negotiate-server.ts';
import { type NegotiateOptions, negotiated } from '../../src/http/options.ts';
import { type Keytab, resolveKeytab } from '../../src/keytab/keytab.ts';
import { memoryKeytab } from '../../src/keytab/memory.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { formatPrincipal, type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import { exchangeTcp } from '../../src/transport/tcp.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { startTestAgent } from '../support/agent.ts';
import { type Apache, startApache } from '../support/apache.ts';
import { type Environment, ours } from '../support/both-programs.ts';
import { type Certified, createAuthority } from '../support/certificates.ts';
import { browse } from '../support/chromium.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, peer } from '../support/peers.ts';
import { startSamba } from '../support/samba.ts';
import { startSecretService } from '../support/secret-service.ts';

const authority = createAuthority();
const own = authority.issue('localhost');
const folder = mkdtempSync(join(tmpdir(), 'krb5kit-http-'));
const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
writeFileSync(files.ca, authority.certificate);
writeFileSync(files.cert, own.certificate);
writeFileSync(files.key, own.key);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describePeer('apache', () => {
  let kdc: MitKdc;
  let apache: Apache;

  beforeAll(async () => {
    kdc = await startMitKdc();
    apache = await startApache(kdc, files);
  });
  afterAll(async () => {
    await apache?.stop();
    await kdc?.stop();
  });

  it.each(['krb', 'conn'])(
    'our fetch signs in to mod_auth_gssapi, which proves who it is, under /%s',
    async path => {
      const fetch = await client(kdc);
      for (let i = 0; i < 3; i++) {
        const response = await fetch(`${apache.url}/${path}`);
        expect([response.status, await response.text()]).toEqual([
          200,
          expect.stringContaining('REMOTE_USER=alice@A.TEST'),
        ]);
        // A context that holds for the connection is not made again.
        if (path === 'krb' || i === 0)
          expect(formatPrincipal(negotiated(response)!.acceptor)).toMatch(/^HTTP\/localhost@/);
      }
    },
  );

  it('says nothing where nobody asks', async () => {
    const response = await (await client(kdc))(`${apache.url}/open`);
    expect([response.status, negotiated(response)]).toEqual([200, undefined]);
    await response.text();
  });

  it('authenticates over TLS, bound to its certificate', async () => {
    const response = await (await client(kdc))(`${apache.tlsUrl}/krb`);
    expect(await response.text()).toContain('REMOTE_USER=alice@A.TEST');
    expect(negotiated(response)).toMatchObject({ mutual: true });
  });

  it.each(['none', 'policy', 'always'] as const)('delegates: %s', async delegation => {
    const response = await (await client(kdc, { delegation }))(`${apache.url}/deleg`);
    const kept = /^KRB5CCNAME=FILE:(.*)$/m.exec(await response.text())?.[1];
    expect(kept === undefined).toBe(delegation !== 'always');
    if (kept === undefined) return;
    const { stdout } = await kdc.run('klist', ['-f', kept]);
    expect(stdout).toMatch(/alice@A\.TEST.*krbtgt\/A\.TEST.*Flags: \w*f/s);
  });

  it('delegates by policy where the KDC says that the service may be trusted', async () => {
    kdc.kadmin(['modprinc +ok_as_delegate HTTP/localhost']);
    try {
      const response = await (await client(kdc, { delegation: 'policy' }))(`${apache.url}/deleg`);
      expect(await response.text()).toMatch(/^KRB5CCNAME=FILE:/m);
    } finally {
      kdc.kadmin(['modprinc -ok_as_delegate HTTP/localhost']);
    }
  });

  it('sends a large streamed body once', async () => {
    const fetch = await client(kdc);
    const body = new Blob(['x'.repeat(3_000_000)]).stream();
    const response = await fetch(`${apache.url}/krb`, {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit);
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('BODY=3000000')]);
  });

  describe('through a proxy that wants to know who asks', () => {
    it.each([
      ['in the open', () => apache.url],
      ['through a tunnel', () => apache.tlsUrl],
    ])('%s', async (_, url) => {
      const fetch = await client(kdc, { proxy: () => apache.proxyUrl });
      for (let i = 0; i < 2; i++) {
        const response = await fetch(`${url()}/krb`);
        expect([response.status, await response.text()]).toEqual([
          200,
          expect.stringContaining('REMOTE_USER=alice@A.TEST'),
        ]);
      }
    });
  });
});

describePeer('curl', () => {
  let kdc: MitKdc;
  beforeAll(async () => {
    kdc = await startMitKdc();
    expect(await kdc.run('kinit', ['-f', 'alice'], 'alicepw\n')).toMatchObject({ status: 0 });
  });
  afterAll(() => kdc?.stop());

  it('signs in to our server, which proves who it is', async () => {
    const server = await serve(kdc);
    const { stdout } = await curl(server.url);
    expect(JSON.parse(stdout)).toEqual({
      client: 'alice@A.TEST',
      service: 'HTTP/localhost@A.TEST',
      delegated: [],
    });
    server.close();
  });

  it('delegates to it', async () => {
    const server = await serve(kdc);
    const { stdout } = await curl('--delegation', 'always', server.url);
    expect(JSON.parse(stdout).delegated).toEqual(['krbtgt/A.TEST@A.TEST']);
    server.close();
  });

  it('signs in over TLS', async () => {
    const server = await serve(kdc, own);
    const { stdout, stderr } = await curl('--cacert', files.ca, server.url);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).client).toBe('alice@A.TEST');
    server.close();
  });

  it('is refused without credentials', async () => {
    const server = await serve(kdc);
    const { stdout } = await kdc.run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', server.url]);
    expect(stdout).toBe('401');
    server.close();
  });

  it('signs in with the key that has come into the keytab meanwhile', async () => {
    const server = await serve(kdc);
    expect((await curl(server.url)).stdout).toContain('alice');
    kdc.kadmin([`ktadd -k ${kdc.keytab} HTTP/localhost`]);
    await kdc.run('kinit', ['-f', 'alice'], 'alicepw\n');
    await new Promise(resolve => setTimeout(resolve, 1100));
    expect((await curl(server.url)).stdout).toContain('alice');
    server.close();
  });

  function curl(...args: readonly string[]) {
    return kdc.run('curl', ['-sS', '--negotiate', '-u', ':', ...args]);
  }
});

describePeer('requests-kerberos', () => {
  it.each([
    ['http', undefined],
    ['https', own],
  ])(
    'Python’s requests signs in to our server over %s, has it prove who it is, and delegates',
    async (_, tls) => {
      const kdc = await startMitKdc();
      await kdc.run('kinit', ['-f', 'alice'], 'alicepw\n');
      const server = await serve(kdc, tls);
      const script = `import sys, requests
from requests_kerberos import HTTPKerberosAuth, REQUIRED
auth = HTTPKerberosAuth(mutual_authentication=REQUIRED, delegate=True)
for i in range(3): print(requests.get(sys.argv[1], auth=auth, verify=sys.argv[2]).text)`;
      const { stdout, stderr } = await kdc.run('/usr/bin/python3', ['-c', script, server.url, files.ca]);
      const answer = {
        client: 'alice@A.TEST',
        service: 'HTTP/localhost@A.TEST',
        delegated: ['krbtgt/A.TEST@A.TEST'],
      };
      expect(stderr.replaceAll(/.*Warning.*\n.*\n?/g, '')).toBe('');
      expect(
        stdout
          .trim()
          .split('\n')
          .map(line => JSON.parse(line)),
      ).toEqual([answer, answer, answer]);
      server.close();
      await kdc.stop();
    },
  );
});

describePeer('python-gssapi', () => {
  let kdc: MitKdc;
  beforeAll(async () => {
    kdc = await startMitKdc();
    await kdc.run('kinit', ['alice'], 'alicepw\n');
  });
  afterAll(() => kdc?.stop());

  it.each([
    ['takes a context that is bound to its certificate', 'bound', '200'],
    ['refuses one that is bound to nothing, if it wants that', 'unbound', '401'],
    ['refuses one that is bound to something else', 'else', '401'],
  ])('our server over TLS %s', async (_, bound, status) => {
    const server = await serve(kdc, own, { requireBindings: true });
    expect((await signIn(server.url, bound)).stdout).toBe(`${status}\n`);
    server.close();
  });

  it('our server over TLS takes a context that is bound to nothing, if it may', async () => {
    const server = await serve(kdc, own);
    expect((await signIn(server.url, 'unbound')).stdout).toBe('200\n');
    expect((await signIn(server.url, 'else')).stdout).toBe('401\n');
    server.close();
  });

  function signIn(url: string, bound: string) {
    const script = `import sys, ssl, base64, hashlib, http.client, gssapi
from gssapi.raw import ChannelBindings
from urllib.parse import urlparse
url, bound, ca = sys.argv[1:]
connection = http.client.HTTPSConnection(urlparse(url).netloc, context=ssl.create_default_context(cafile=ca))
connection.connect()
digest = hashlib.sha256(connection.sock.getpeercert(True)).digest()
data = {'bound': b'tls-server-end-point:' + digest, 'else': b'tls-server-end-point:else', 'unbound': None}[bound]
context = gssapi.SecurityContext(name=gssapi.Name('HTTP@localhost', gssapi.NameType.hostbased_service),
    mech=gssapi.OID.from_int_seq('1.3.6.1.5.5.2'), usage='initiate',
    channel_bindings=ChannelBindings(application_data=data) if data else None)
token = base64.b64encode(context.step()).decode()
connection.request('GET', '/', headers={'Authorization': 'Negotiate ' + token})
print(connection.getresponse().status)`;
    return kdc.run('/usr/bin/python3', ['-c', script, url, bound, files.ca]);
  }
});

describePeer('chromium', () => {
  let kdc: MitKdc;
  let env: Environment;
  beforeAll(async () => {
    kdc = await startMitKdc();
    env = { ...kdc.env, KRB5CCNAME: `FILE:${join(folder, 'browser')}` };
    expect(await ours(kinit, ['-f', 'alice'], env, 'alicepw\n')).toMatchObject({ status: 0 });
  });
  afterAll(() => kdc?.stop());

  it('signs in to our server with the tickets that our kinit got', async () => {
    const server = await serve(kdc);
    expect(await browse(server.url, env)).toContain('{"client":"alice@A.TEST"');
    server.close();
  });

  it('signs in over TLS', async () => {
    // It does not pass on bindings to GSS-API on Linux, so that they cannot be required.
    const server = await serve(kdc, own);
    expect(await browse(server.url, env)).toContain('{"client":"alice@A.TEST"');
    server.close();
  });

  it('is not let in without tickets', async () => {
    const server = await serve(kdc);
    const none = `FILE:${join(folder, 'none')}`;
    const dom = await browse(server.url, { ...env, KRB5CCNAME: none, KRB5_CLIENT_KTNAME: none });
    expect(dom).toContain('Authentication by Kerberos is required');
    server.close();
  });

  describe.skipIf(!peer('secret-service').available)('with tickets in the keychain', () => {
    it('signs in by way of our agent', async () => {
      const session = await startSecretService();
      const agent = await startTestAgent([], {
        ...kdc.env,
        ...(session.environment as Environment),
        LC_ALL: 'C',
      });
      expect(await ours(kinit, ['alice'], agent.env, 'alicepw\n')).toMatchObject({ status: 0 });
      const server = await serve(kdc);
      expect(await browse(server.url, agent.env)).toContain('{"client":"alice@A.TEST"');
      expect((await ours(klist, [], agent.env)).stdout).toContain('HTTP/localhost@A.TEST');
      server.close();
      await agent.stop();
      await session.stop();
    });
  });
});

describePeer('samba', () => {
  it('our server tells the groups of Active Directory, from the largest of PACs', async () => {
    const groups = Array.from({ length: 60 }, (_, i) => `group${i}`);
    const samba = await startSamba({
      password: 'Passw0rd!',
      groups,
      users: [
        { name: 'alice', groups },
        {
          name: 'service',
          attributes: { servicePrincipalName: 'HTTP/localhost', 'msDS-SupportedEncryptionTypes': '24' },
        },
      ],
      keytab: ['service'],
    });
    const transport = transportTo(samba);
    const alice = parsePrincipal('alice@S.TEST');
    const { credential } = await getInitialCredential(
      alice,
      { password: async () => 'Passw0rd!' },
      { transport },
    );
    const cache = await cacheOf(alice, credential);
    const servicePrincipal = () => parsePrincipal('HTTP/localhost@S.TEST');
    // The keytab knows the service by its account's name alone.
    const keytab = await renamed(samba.keytab, servicePrincipal());
    const server = await serveAs(negotiateServer({ keytab }), client => ({
      name: client.name,
      groups: client.groups.length,
      sids: client.groups.every(sid => sid.startsWith('S-1-')),
    }));
    const response = await negotiateFetch({ open: openFromCache(cache, { transport, servicePrincipal }) })(
      server.url,
    );
    // Those of its own, Domain Users, and that of who vouches for the sign-in (S-1-18-1).
    expect(await response.json()).toEqual({ name: 'alice@S.TEST', groups: 62, sids: true });
    server.close();
    await samba.stop();
  });
});

/** A fetch of alice's. */
async function client(kdc: MitKdc, options: Partial<NegotiateOptions> = {}): Promise<typeof fetch> {
  const open = openFromCache(await aliceCache(kdc), { transport: transportTo(kdc) });
  return negotiateFetch({ open, tls: { ca: authority.certificate }, ...options });
}

async function aliceCache(kdc: MitKdc): Promise<Ccache> {
  const principal = parsePrincipal('alice@A.TEST');
  const { credential } = await getInitialCredential(
    principal,
    { password: async () => 'alicepw' },
    { transport: transportTo(kdc), forwardable: true },
  );
  return cacheOf(principal, credential);
}

async function cacheOf(principal: Principal, credential: Credential): Promise<Ccache> {
  const environment = { dataDirectory: folder, keychain: () => Promise.reject(new Error('none')) };
  const cache = memoryType.resolve(Buffer.from(randomBytes(8)).toString('hex'), environment);
  await cache.initialize({ principal, credentials: [credential] });
  return cache;
}

interface TestServer {
  readonly url: string;
  close(): void;
}

/** A server of ours that tells who came. */
function serve(kdc: MitKdc, tls?: Certified, options: AcceptContextsOptions = {}): Promise<TestServer> {
  const negotiate = negotiateServer({ ...options, keytab: resolveKeytab(`FILE:${kdc.keytab}`) });
  const answer = (client: Authenticated): object => ({
    client: client.name,
    service: formatPrincipal(client.info.acceptor),
    delegated: client.delegated.map(({ server }) => formatPrincipal(server)),
  });
  return serveAs(negotiate, answer, tls);
}

async function serveAs(
  negotiate: NegotiateServer,
  answer: (client: Authenticated) => object,
  tls?: Certified,
): Promise<TestServer> {
  const handler = negotiate((_, response, client) => void response.end(JSON.stringify(answer(client))));
  const limits = { maxHeaderSize: 1 << 17 };
  const server: Server = tls
    ? createTlsServer({ ...limits, cert: tls.certificate, key: tls.key }, handler)
    : createServer(limits, handler);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http${tls ? 's' : ''}://localhost:${port}/`,
    close: () => void server.close().closeAllConnections(),
  };
}

/** The keys of a keytab under another name. */
async function renamed(path: string, principal: Principal): Promise<Keytab> {
  const keytab = memoryKeytab('renamed');
  await keytab.add((await resolveKeytab(`FILE:${path}`).entries()).map(entry => ({ ...entry, principal })));
  return keytab;
}

function transportTo(kdc: { readonly port: number }): Transport {
  return (_, request) =>
    exchangeTcp({ protocol: 'tcp', host: '127.0.0.1', port: kdc.port }, request, {
      resendAfter: [],
      signal: AbortSignal.timeout(10_000),
    });
}
