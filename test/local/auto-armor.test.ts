import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { type OpenContextOptions, openContext } from '../../src/gss/initiate.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { openKerberos } from '../../src/local/kerberos.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { loadPkinit } from '../../src/preauth/pkinit/sources.ts';
import { scratch } from '../ccache/samples.ts';
import { createPki, type Pki } from '../support/realm-pki.ts';

/** The secret of the examples in RFC 4226, appendix D; its first value is 755224. */
const TOKEN = { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', counter: 0 };

let pki: Pki;
let kdc: RunningKdc;
let home: string;
const log: string[] = [];

beforeAll(async () => {
  pki = createPki('A.TEST');
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [
      { name: 'alice', password: 'old' },
      { name: 'bob', otp: TOKEN },
    ],
    services: ['WELLKNOWN/ANONYMOUS', 'imap/localhost'],
    passwordPort: 0,
    pkinit: pki.options,
    log: line => log.push(line),
  });
});
afterAll(async () => {
  await kdc?.close();
  pki?.remove();
});
beforeEach(() => {
  home = scratch();
  log.length = 0;
});

/** The machine's Kerberos, with more relations for the realm. */
function kerberosWith(...relations: readonly string[]) {
  const file = join(home, 'krb5.conf');
  writeFileSync(file, kdc.krb5Conf().replace(/^\s*kdc = /m, `${relations.join('\n')}\n$&`));
  return openKerberos({
    env: { HOME: home, KRB5KIT_HOME: home, KRB5KIT_KEYCHAIN: 'none', KRB5_CONFIG: file },
  });
}

const anonymously = () =>
  log.filter(line => line.includes('ISSUE') && line.includes('WELLKNOWN/ANONYMOUS')).length;

it('every login of a program has the armor that krb5.conf wants', async () => {
  const kerberos = await kerberosWith('auto_fast_armor = true', `pkinit_anchors = ${pki.anchors}`);
  await kerberos.login('alice', { password: 'old' });
  const keytab = resolveKeytab('MEMORY:armored');
  await keytab.add(kdc.keytab('alice'));
  await kerberos.login('alice', { keytab });
  expect(anonymously()).toBe(2);
  await kerberos.changePassword('alice', { password: 'old', newPassword: 'new' });
  expect(anonymously()).toBe(3);
  await kerberos.changePassword('alice', { password: 'new', newPassword: 'old' });
});

it('one login does not change the armor of another', async () => {
  const kerberos = await kerberosWith('auto_fast_armor = true', `pkinit_anchors = ${pki.anchors}`);
  const [first, second] = [await kerberos.armorFor('A.TEST'), await kerberos.armorFor('A.TEST')];
  await second!.cache.destroy();
  expect((await first!.cache.load()).credentials.length).toBeGreaterThan(0);
});

it('so has every login for a context', async () => {
  const kerberos = await kerberosWith('auto_fast_armor = true', `pkinit_anchors = ${pki.anchors}`);
  const { armorFor, exchange } = kerberos;
  const client = parsePrincipal('alice@A.TEST');
  const target = parsePrincipal('imap/localhost@A.TEST');
  const contextBy = async (source: Pick<OpenContextOptions, 'clientKeytab' | 'clientPassword'>) =>
    openContext(target, await resolveCcache(`MEMORY:${Math.random()}`, kerberos.caches), {
      ...exchange,
      ...source,
    });
  await contextBy({ clientPassword: { client, password: async () => 'old', armorFor } });
  const keytab = resolveKeytab('MEMORY:context');
  await keytab.add(kdc.keytab('alice'));
  await contextBy({ clientKeytab: { keytab, armorFor } });
  expect(anonymously()).toBe(2);
});

it('no password is sent without it', async () => {
  const kerberos = await kerberosWith('auto_fast_armor = true');
  const password = () => Promise.reject(new Error('the password was asked for'));
  await expect(kerberos.login('alice', { password })).rejects.toThrow('No pkinit_anchors supplied');
});

it('is used for a client that the KDC would not serve otherwise, who is asked for a one-time password', async () => {
  const kerberos = await kerberosWith(`pkinit_anchors = ${pki.anchors}`);
  const password = () => Promise.reject(new Error('the password was asked for'));
  const cache = await kerberos.login('bob', { password }, { ask: async () => '755224' });
  expect((await cache.load()).credentials).not.toEqual([]);
  expect(anonymously()).toBe(1);
});

it('a program may log in with a certificate', async () => {
  const kerberos = await kerberosWith();
  const password = () => Promise.reject(new Error('the password was asked for'));
  const client = parsePrincipal('alice@A.TEST');
  const load = () => loadPkinit(client, { identities: [pki.identity], anchors: [pki.anchors] });
  const cache = await kerberos.login(client, { password }, { pkinit: { load } });
  expect((await cache.load()).principal).toEqual(client);
});
