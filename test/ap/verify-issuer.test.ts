import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { type LoginOptions, openKerberos } from '../../src/local/kerberos.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';

let kdc: RunningKdc;
/** Another's, who knows the names, and which password will be tried. */
let impostor: RunningKdc;

beforeAll(async () => {
  const services = ['host/server', 'HTTP/server'];
  const eve = { name: 'eve', password: 'known' };
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'right', aliases: ['ali'] }, eve],
    services,
  });
  impostor = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'wrong' }, eve],
    services,
  });
});
afterAll(async () => {
  await kdc?.close();
  await impostor?.close();
});

function kerberosOf(realm: RunningKdc, ...libdefaults: readonly string[]) {
  const home = scratch();
  const text = realm.krb5Conf().replace('[libdefaults]', ['[libdefaults]', ...libdefaults].join('\n'));
  writeFileSync(join(home, 'krb5.conf'), text);
  const env = { HOME: home, KRB5KIT_HOME: home, KRB5KIT_KEYCHAIN: 'none' };
  return openKerberos({ env: { ...env, KRB5_CONFIG: join(home, 'krb5.conf') } });
}

async function keytabOf(...names: readonly string[]) {
  const keytab = resolveKeytab(`MEMORY:${Math.random()}`);
  for (const name of names) await keytab.add(kdc.keytab(name));
  return keytab;
}

const untrusted = (message: string) => ({
  code: 'KDC_NOT_TRUSTED',
  message: expect.stringContaining(message),
});

it('the key of a service proves that the right KDC has accepted a password', async () => {
  const kerberos = await kerberosOf(kdc);
  const verifyBy = await keytabOf('host/server');
  const cache = await kerberos.login('alice', { password: 'right' }, { verifyBy });
  const { credentials } = await cache.load();
  expect(credentials.some(({ server }) => server.components[0] === 'host')).toBe(false);
  await expect(kerberos.login('alice', { password: 'wrong' }, { verifyBy })).rejects.toMatchObject({
    code: 'PASSWORD_INCORRECT',
  });
});

it('and that another has not', async () => {
  const kerberos = await kerberosOf(impostor);
  await kerberos.login('alice', { password: 'wrong' });
  const verifyBy = await keytabOf('host/server', 'HTTP/server');
  await expect(kerberos.login('alice', { password: 'wrong' }, { verifyBy })).rejects.toMatchObject(
    untrusted('ticket for host/server@A.TEST does not fit the keys in MEMORY:'),
  );
});

it('a service that is no more proves nothing, and another one is taken', async () => {
  const kerberos = await kerberosOf(kdc);
  const gone = kdc.keytab('host/server').map(entry => ({
    ...entry,
    principal: parsePrincipal('host/gone@A.TEST'),
  }));
  const verifyBy = await keytabOf();
  await verifyBy.add(gone);
  const login = () => kerberos.login('alice', { password: 'right' }, { verifyBy });
  await expect(login()).rejects.toMatchObject(
    untrusted('issues no ticket for host/gone@A.TEST, which is in MEMORY:'),
  );
  await verifyBy.add(kdc.keytab('HTTP/server'));
  await login();
});

it('a service whose keytab is out of date proves nothing, and another one is taken', async () => {
  const kerberos = await kerberosOf(kdc);
  const verifyBy = await keytabOf('HTTP/server');
  const { principal } = kdc.keytab('host/server')[0]!;
  await verifyBy.add(impostor.keytab('host/server').map(entry => ({ ...entry, principal })));
  await kerberos.login('alice', { password: 'right' }, { verifyBy });
});

it('the key of a user proves nothing', async () => {
  const kerberos = await kerberosOf(impostor);
  const login = async (...names: readonly string[]) =>
    kerberos.login('alice', { password: 'wrong' }, { verifyBy: await keytabOf(...names) });
  // The impostor has it, too.
  await expect(login('eve')).rejects.toMatchObject({ code: 'KEYTAB_NO_KEY' });
  await expect(login('eve', 'host/server')).rejects.toMatchObject(untrusted('does not fit the keys in'));
});

it('the enctypes that a client asks for are not those of tickets', async () => {
  const kerberos = await kerberosOf(kdc, 'default_tgs_enctypes = aes128-cts-hmac-sha1-96');
  await kerberos.login('alice', { password: 'right' }, { verifyBy: await keytabOf('host/server') });
});

it('the user is the one who was asked for, and no other that a reply may name', async () => {
  const kerberos = await kerberosOf(kdc, 'canonicalize = true');
  const verifyBy = await keytabOf('host/server');
  const ownerOf = async (options: LoginOptions) =>
    (await (await kerberos.login('ali', { password: 'right' }, options)).load()).principal.components;
  expect(await ownerOf({})).toEqual(['alice']);
  expect(await ownerOf({ verifyBy })).toEqual(['ali']);
  expect(await ownerOf({ verifyBy, canonicalize: true })).toEqual(['alice']);
});

it.each([
  ['without keys', []],
  ['with a key that the client has, too,', ['alice']],
])('a keytab %s proves nothing', async (_, names) => {
  const kerberos = await kerberosOf(kdc);
  const verifyBy = await keytabOf(...names);
  await expect(kerberos.login('alice', { password: 'right' }, { verifyBy })).rejects.toMatchObject({
    code: 'KEYTAB_NO_KEY',
  });
});
