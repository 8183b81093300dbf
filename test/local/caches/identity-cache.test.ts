import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Ccache, ccacheName } from '../../../src/ccache/ccache.ts';
import { resolveCcache } from '../../../src/ccache/resolve.ts';
import { openSession, type Session } from '../../../src/cli/session.ts';
import { startKdc } from '../../../src/kdc/start.ts';
import { resolveKeytab } from '../../../src/keytab/keytab.ts';
import { cacheForService } from '../../../src/local/caches/identity-cache.ts';
import { formatPrincipal, hostBasedPrincipal, parsePrincipal } from '../../../src/messages/principal.ts';
import { environment, scratch } from '../../ccache/samples.ts';
import { tgt } from '../../ccache/tickets.ts';
import { captureIo } from '../../support/io.ts';

const server = hostBasedPrincipal('HTTP', 'web.a.test', 'A.TEST');

let home: string;
let collection: string;
beforeEach(async () => {
  home = scratch();
  collection = `DIR:${home}/d`;
  // The primary one is that of the other realm.
  for (const [name, principal] of [
    ['tkt', 'carol@B.TEST'],
    ['tkta', 'alice@A.TEST'],
    ['tktb', 'bob@A.TEST'],
  ] as const) {
    await (await resolveCcache(collection, environment(home))).load().catch(() => undefined);
    const cache = await resolveCcache(`DIR::${home}/d/${name}`, environment(home));
    await cache.initialize({ principal: parsePrincipal(principal), credentials: [tgt] });
  }
});

function session(cache = collection): Session {
  const env = { HOME: home, KRB5CCNAME: cache, KRB5_CONFIG: join(home, 'none') };
  return openSession(captureIo({ env }));
}

async function chosen(name?: string, cache?: string, service = server): Promise<string> {
  return ccacheName(await cacheForService(name, service, session(cache)));
}

const rules = (text: string): void => writeFileSync(join(home, '.k5identity'), text);

it('goes by .k5identity in the home directory', async () => {
  rules('bob@A.TEST service=HTTP\n');
  expect(await chosen()).toBe(`DIR::${home}/d/tktb`);
});

it('goes by the realm of the service where no rule says anything', async () => {
  expect(await chosen()).toMatch(/\/d\/tkt[ab]$/);
});

it.each([
  ['', /tkt[ab]$/],
  ['bob@A.TEST realm=A.TEST\n', /tktb$/],
  ['bob@A.TEST realm=A.*\n', /tktb$/],
])(
  'with the rules %j, goes by the domain of a host whose realm is not configured',
  async (text, expected) => {
    if (text !== '') rules(text);
    expect(await chosen(undefined, undefined, { ...server, realm: '' })).toMatch(expected);
    expect(await chosen(undefined, undefined, hostBasedPrincipal('HTTP', 'web.b.test', ''))).toMatch(/tkt$/);
  },
);

it('takes the cache that is named, whatever the rules', async () => {
  rules('bob@A.TEST\n');
  expect(await chosen(`DIR::${home}/d/tkta`)).toBe(`DIR::${home}/d/tkta`);
});

it('takes no other than the client that a rule names', async () => {
  rules('dave@A.TEST host=*\n');
  await expect(chosen()).rejects.toMatchObject({
    activity: 'choosing a cache for HTTP/web.a.test@A.TEST',
    cause: { message: "Can't find client principal dave@A.TEST in cache collection" },
  });
});

it('logs in by the keytab of clients as the client that a rule names, beside the others', async () => {
  const kdc = await startKdc({
    realm: 'A.TEST',
    users: ['erin', 'dave'].map(name => ({ name, password: name })),
  });
  onTestFinished(() => kdc.close());
  writeFileSync(join(home, 'krb5.conf'), kdc.krb5Conf());
  await resolveKeytab(`FILE:${home}/keytab`).add(kdc.keytab('erin', 'dave'));
  const open = (cache: string): Session => {
    const env = { HOME: home, KRB5CCNAME: cache, KRB5_CONFIG: join(home, 'krb5.conf') };
    return openSession(captureIo({ env: { ...env, KRB5_CLIENT_KTNAME: `FILE:${home}/keytab` } }));
  };
  rules('dave@A.TEST host=*\n');
  const [made] = await Promise.all(
    [1, 2, 3].map(() => cacheForService(undefined, server, open(collection))) as [Promise<Ccache>],
  );
  expect(formatPrincipal((await made.load()).principal)).toBe('dave@A.TEST');
  expect(await chosen()).toBe(ccacheName(made));
  expect(readdirSync(join(home, 'd'))).toHaveLength(5);
  // A file has room for one client only.
  await expect(cacheForService(undefined, server, open(`FILE:${home}/d/tkta`))).rejects.toThrow();
  const filled = await cacheForService(undefined, server, open(`FILE:${home}/none-yet`));
  expect(ccacheName(filled)).toBe(`FILE:${home}/none-yet`);
  expect(formatPrincipal((await filled.load()).principal)).toBe('dave@A.TEST');
});

it('takes the default cache where there are no tickets at all', async () => {
  rules('dave@A.TEST host=*\n');
  expect(await chosen(undefined, 'FILE:/nonexistent/cc')).toBe('FILE:/nonexistent/cc');
});
