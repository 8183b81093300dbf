import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ccacheName } from '../../src/ccache/ccache.ts';
import { ConfigError, KeytabError } from '../../src/errors.ts';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import { openContext } from '../../src/gss/initiate.ts';
import { openFromCache } from '../../src/http/contexts.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { type LoginOptions, openKerberos } from '../../src/local/kerberos.ts';
import type { PasswordChange } from '../../src/local/password.ts';
import { FORWARDABLE, RENEWABLE } from '../../src/messages/flags.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';

let kdc: RunningKdc;
let dir: string;

/** An environment with a krb5.conf of its own, which has further lines in [libdefaults]. */
function environment(libdefaults = '', others: Readonly<Record<string, string>> = {}) {
  const file = join(dir, `krb5-${Math.random().toString(36).slice(2)}.conf`);
  const defaults = `${libdefaults}\ndns_canonicalize_hostname = false\nqualify_shortname = ""`;
  const realms = '[domain_realm]\nwww.host.zz = B.TEST\nwww = A.TEST\n';
  writeFileSync(file, `[libdefaults]\n${defaults}\n${kdc.krb5Conf()}\n${realms}`);
  const home = { HOME: dir, KRB5KIT_HOME: dir, KRB5KIT_KEYCHAIN: 'none' };
  return { env: { ...home, KRB5_CONFIG: file, KRB5_KTNAME: `FILE:${dir}/keytab`, ...others } };
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'krb5kit-local-'));
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [
      { name: 'alice', password: 'wonderland' },
      { name: 'admin', password: 'adminpw', setsPasswords: true },
      { name: 'expired', password: 'old', passwordExpiration: new Date(0), policy: 'strict' },
    ],
    policies: { strict: { minLength: 8 } },
    passwordPort: 0,
    services: ['imap/localhost'],
    trusts: [{ realm: 'B.TEST' }],
    realms: [{ realm: 'B.TEST', services: ['HTTP/www.host.zz'] }],
  });
  await resolveKeytab(`FILE:${dir}/keytab`).add(kdc.keytab('imap/localhost'));
});
afterAll(async () => {
  await kdc.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("this machine's Kerberos", () => {
  it('logs in with a password, and reaches services in the realms that krb5.conf names', async () => {
    const kerberos = await openKerberos(environment());
    const cache = await kerberos.login('alice', { password: 'wonderland' });
    expect(formatPrincipal((await cache.load()).principal)).toBe('alice@A.TEST');
    const imap = await kerberos.service('imap', 'localhost');
    await expect(openContext(imap, cache, kerberos.exchange)).resolves.toBeDefined();
    expect(formatPrincipal(await kerberos.service('HTTP', 'www.host.zz'))).toBe('HTTP/www.host.zz@B.TEST');
    const open = openFromCache(cache, kerberos.exchange);
    await expect(open({ host: 'www.host.zz', delegation: 'none' })).resolves.toBeDefined();
    await cache.destroy();
  });

  it('accepts clients with the keys of the default keytab, each of their tokens once', async () => {
    const kerberos = await openKerberos(environment('clockskew = 60', { KRB5RCACHEDIR: dir }));
    const cache = await kerberos.login('alice', { password: 'wonderland' });
    const context = await openContext(await kerberos.service('imap', 'localhost'), cache, kerberos.exchange);
    const token = (await context.step())!;
    const accept = () => createAcceptor(kerberos.acceptance).step(token);
    await context.step(await accept());
    await expect(accept()).rejects.toMatchObject({ major: 'DUPLICATE_TOKEN' });
    expect(kerberos.acceptance).toMatchObject({
      clockskew: 60,
      permittedEnctypes: expect.arrayContaining([18]),
    });
    await cache.destroy();
  });

  it('finds the realm of the full name where names are completed only as tickets are requested', async () => {
    const relations = 'dns_canonicalize_hostname = fallback\nqualify_shortname = host.zz';
    const kerberos = await openKerberos(environment(relations));
    const cache = await kerberos.login('alice', { password: 'wonderland' });
    const http = await kerberos.service('HTTP', 'www');
    await expect(openContext(http, cache, kerberos.exchange)).resolves.toBeDefined();
    await cache.destroy();
  });

  it('logs in with a keytab, into the default cache on request', async () => {
    const kerberos = await openKerberos(environment('', { KRB5CCNAME: `FILE:${dir}/mine` }));
    const cache = await kerberos.defaultCache();
    expect(ccacheName(cache)).toBe(`FILE:${dir}/mine`);
    await kerberos.login('imap/localhost', { keytab: kerberos.keytab }, { cache });
    const again = await openKerberos(environment(`default_ccache_name = FILE:${dir}/mine`));
    const { principal } = await (await again.defaultCache()).load();
    expect(formatPrincipal(principal)).toBe('imap/localhost@A.TEST');
  });

  it('asks for a ticket as krb5.conf says, and as the program wishes', async () => {
    const kerberos = await openKerberos(environment('forwardable = true\nticket_lifetime = 2h'));
    const wished = async (wishes?: LoginOptions) => {
      const cache = await kerberos.login('alice', { password: 'wonderland' }, wishes);
      const { flags, authtime, endtime } = (await cache.load()).credentials.at(-1)!;
      await cache.destroy();
      // The client's clock and the KDC's may be a second apart.
      const seconds = 10 * Math.round((endtime.getTime() - authtime.getTime()) / 10_000);
      return [seconds, (flags & FORWARDABLE) !== 0, (flags & RENEWABLE) !== 0];
    };
    expect(await wished()).toEqual([7200, true, false]);
    expect(await wished({ lifetime: undefined })).toEqual([7200, true, false]);
    const wishes = { lifetime: 60, forwardable: false, renewLifetime: 3600 };
    expect(await wished(wishes)).toEqual([60, false, true]);
  });

  it('changes passwords, even one that has expired, or says why not', async () => {
    const kerberos = await openKerberos(environment());
    const change = (newPassword: string, password: PasswordChange['password'] = 'old') =>
      kerberos.changePassword('expired', { password, newPassword });
    await expect(kerberos.login('expired', { password: 'old' })).rejects.toMatchObject({
      errorName: 'KDC_ERR_KEY_EXPIRED',
    });
    await expect(change('short')).rejects.toMatchObject({ code: 'PASSWORD_NOT_CHANGED' });
    await expect(change('long enough', async () => 'wrong')).rejects.toMatchObject({
      code: 'PASSWORD_INCORRECT',
    });
    await change('long enough');
    await (await kerberos.login('expired', { password: 'long enough' })).destroy();
  });

  it("sets another's password as an administrator", async () => {
    const kerberos = await openKerberos(environment());
    const target = await kerberos.principal('expired');
    const set = (client: string, password: string) =>
      kerberos.changePassword(client, { password, newPassword: 'set by admin', target });
    await expect(set('alice', 'wonderland')).rejects.toMatchObject({ code: 'PASSWORD_NOT_CHANGED' });
    await set('admin', 'adminpw');
    await (await kerberos.login(target, { password: 'set by admin' })).destroy();
    await (await kerberos.login('admin', { password: 'adminpw' })).destroy();
  });

  it('asks for the password only when it is needed', async () => {
    const kerberos = await openKerberos(environment());
    const password = () => Promise.reject(new Error('nobody was asked'));
    await expect(kerberos.login('nobody', { password })).rejects.toThrow(
      "Client 'nobody@A.TEST' not found in Kerberos database",
    );
    await expect(kerberos.login('alice', { password })).rejects.toThrow('nobody was asked');
  });

  it('goes by the environment of the process if no other is given', async () => {
    const { KRB5_CONFIG } = process.env;
    process.env.KRB5_CONFIG = environment('default_realm = C.TEST').env.KRB5_CONFIG;
    try {
      const { config, principal } = await openKerberos();
      expect(config.libdefaults.defaultRealm).toBe('C.TEST');
      expect(formatPrincipal(await principal('alice'))).toBe('alice@C.TEST');
    } finally {
      if (KRB5_CONFIG === undefined) delete process.env.KRB5_CONFIG;
      else process.env.KRB5_CONFIG = KRB5_CONFIG;
    }
  });

  it('tells what is wrong with the configuration and with names by the errors of the library', async () => {
    const file = join(dir, 'wrong.conf');
    writeFileSync(file, '[libdefaults\n');
    await expect(openKerberos({ env: { KRB5_CONFIG: file } })).rejects.toThrow(ConfigError);
    const kerberos = await openKerberos(environment('', { KRB5_KTNAME: 'NONE:x', KRB5CCNAME: 'NONE:x' }));
    expect(() => kerberos.keytab).toThrow(KeytabError);
    await expect(kerberos.defaultCache()).rejects.toMatchObject({ code: 'CACHE_TYPE_UNKNOWN' });
    await expect(kerberos.principal('a@b@c')).rejects.toMatchObject({ code: 'PRINCIPAL_MALFORMED' });
  });
});
