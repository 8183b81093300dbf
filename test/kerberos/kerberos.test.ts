import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import kerberos, * as named from '../../src/kerberos/index.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { describeKerberos, establish, refusal } from './behaviours.ts';
import { type Realm, startRealm, withEnvironment } from './support.ts';

let realm: Realm;
let restore: () => void;

beforeAll(async () => {
  realm = await startRealm();
  restore = withEnvironment(realm.env);
});
afterAll(async () => {
  restore();
  await realm.stop();
});

const both = { client: named, server: named };

describeKerberos(named);

describe('beyond what npm offers', () => {
  it('is the default export, too', () => {
    const { default: _, ...rest } = named;
    expect({ ...kerberos }).toEqual(rest);
  });

  it('hands out what its classes have made', async () => {
    const { client, server } = await establish(both);
    expect(client).toBeInstanceOf(kerberos.KerberosClient);
    expect(server).toBeInstanceOf(kerberos.KerberosServer);
  });

  it('takes the flags by both of their names', async () => {
    const client = await kerberos.initializeClient('HTTP@localhost', { gssFlag: 0 });
    await client.step('');
    expect(client.contextComplete).toBe(true);
    const mutual = { flags: kerberos.GSS_C_MUTUAL_FLAG, gssFlag: 0 };
    const other = await kerberos.initializeClient('HTTP@localhost', mutual);
    await other.step('');
    expect(other.contextComplete).toBe(false);
  });

  it("knows services by Windows's names and by their realm", async () => {
    for (const service of ['HTTP/localhost', 'HTTP/localhost@A.TEST', 'HTTP@localhost@A.TEST']) {
      const client = await kerberos.initializeClient(service);
      const server = await kerberos.initializeServer(service);
      await client.step(await server.step(await client.step('')));
      expect(client.contextComplete, service).toBe(true);
    }
    expect((await refusal(kerberos.initializeServer('HTTP@localhost@B.TEST'))).message).toContain(
      'No key table entry found matching HTTP/localhost@B.TEST',
    );
  });

  it("accepts tickets for the account's other names and key versions, as MIT's library does", async () => {
    const [entry] = realm.kdc.keytab('HTTP/localhost');
    const { realm: at } = entry!.principal;
    const keytab = resolveKeytab(`FILE:${join(realm.dir, 'account')}`);
    await keytab.add([{ ...entry!, principal: parsePrincipal('svc-web', { defaultRealm: at }), kvno: 9 }]);
    await keytab.add([{ ...entry!, principal: parsePrincipal('HTTP/web.test', { defaultRealm: at }) }]);
    const restore = withEnvironment({ KRB5_KTNAME: keytab.name });
    try {
      for (const service of ['', 'HTTP', 'HTTP@web.test']) {
        const client = await kerberos.initializeClient('HTTP@localhost');
        const server = await kerberos.initializeServer(service);
        await server.step(await client.step(''));
        expect(server.contextComplete, service).toBe(true);
      }
    } finally {
      restore();
    }
  });

  it.each([
    { user: 'bob', password: 'bobpw' },
    { user: 'bob@A.TEST', pass: 'bobpw' },
    { user: 'bob', domain: 'A.TEST', password: 'bobpw' },
    { principal: 'bob', password: 'bobpw' },
  ])('gets a ticket with the password of $user$principal, and leaves the cache alone', async options => {
    const { client, server } = await establish(both, options);
    expect([client.username, server.username]).toEqual(['bob@A.TEST', 'bob@A.TEST']);
    expect((await establish(both)).client.username).toBe('alice@A.TEST');
  });

  it('tells of a wrong password at the first step', async () => {
    const client = await kerberos.initializeClient('HTTP@localhost', { user: 'bob', password: 'wrong' });
    const { message, cause } = await refusal(client.step(''));
    expect(message).toMatch(/: Password incorrect$/);
    expect(cause).toMatchObject({ code: 'PASSWORD_INCORRECT' });
  });

  it('finds the cache of a principal in the collection', async () => {
    const undo = withEnvironment({ KRB5CCNAME: `DIR:${join(realm.dir, 'caches')}` });
    try {
      await realm.signIn('alice', process.env.KRB5CCNAME!);
      await realm.signIn('bob', `DIR::${join(realm.dir, 'caches', 'tktbob')}`);
      const { client } = await establish(both, { principal: 'bob@A.TEST' });
      expect(client.username).toBe('bob@A.TEST');
    } finally {
      undo();
    }
  });

  it('says so where there are no tickets, and takes them as soon as there are', async () => {
    const path = join(realm.dir, 'later');
    const undo = withEnvironment({ KRB5CCNAME: `FILE:${path}` });
    try {
      const client = await kerberos.initializeClient('HTTP@localhost');
      const { message, cause } = await refusal(client.step(''));
      expect(message).toBe(
        'No credentials were supplied, or the credentials were unavailable or inaccessible: ' +
          `No Kerberos credentials available (default cache: FILE:${path})`,
      );
      expect(cause).toMatchObject({ code: 'GSS', cause: { code: 'CACHE_NOT_FOUND' } });
      await realm.signIn('alice', process.env.KRB5CCNAME!);
      expect(await client.step('')).toMatch(/^YI/);
    } finally {
      undo();
      rmSync(path, { force: true });
    }
  });

  it('fills a cache that is not there by the client keytab', async () => {
    const [cache, keytab] = [join(realm.dir, 'filled'), join(realm.dir, 'client.keytab')];
    const undo = withEnvironment({ KRB5CCNAME: `FILE:${cache}`, KRB5_CLIENT_KTNAME: `FILE:${keytab}` });
    try {
      await resolveKeytab(`FILE:${keytab}`).add(realm.kdc.keytab('bob', 'alice'));
      expect((await establish(both, { principal: 'alice@A.TEST' })).client.username).toBe('alice@A.TEST');
      expect(existsSync(cache)).toBe(false);
      expect((await establish(both)).client.username).toBe('bob@A.TEST');
      expect(existsSync(cache)).toBe(true);
    } finally {
      undo();
    }
  });

  it('says so where there is no keytab', async () => {
    const undo = withEnvironment({ KRB5_KTNAME: `FILE:${join(realm.dir, 'nowhere')}` });
    try {
      const { message } = await refusal(kerberos.principalDetails('HTTP', 'localhost'));
      expect(message).toBe('Cannot get sequence cursor from keytab (2)');
      expect((await refusal(kerberos.initializeServer('HTTP@localhost'))).message).toMatch(
        /^No credentials were supplied.*: Key table file '.*nowhere' not found$/,
      );
    } finally {
      undo();
    }
  });

  it('says so where krb5.conf cannot be understood', async () => {
    const path = join(realm.dir, 'broken.conf');
    writeFileSync(path, '[libdefaults\n');
    const undo = withEnvironment({ KRB5_CONFIG: path });
    try {
      const reason = `${path}:1: not a section header`;
      const { message } = await refusal(kerberos.initializeClient('HTTP@localhost'));
      expect(message).toBe(`Unspecified GSS failure.  Minor code may provide more information: ${reason}`);
      for (const work of [
        kerberos.principalDetails('HTTP', 'localhost'),
        kerberos.checkPassword('alice', 'alicepw', 'HTTP/localhost'),
      ]) {
        expect(await refusal(work)).toMatchObject({
          constructor: Error,
          message: `${reason} (-1765328248)`,
        });
      }
    } finally {
      undo();
    }
  });

  it('says so where a keytab is of no known type', async () => {
    const undo = withEnvironment({ KRB5_KTNAME: 'NO:where' });
    try {
      const { message } = await refusal(kerberos.principalDetails('HTTP', 'localhost'));
      expect(message).toBe('Cannot get default keytab (-1765328204)');
    } finally {
      undo();
    }
  });

  it('has an Error for whatever a client sends, but for what nothing vouches for, such as the types of names', async () => {
    const token = Buffer.from(await (await kerberos.initializeClient('HTTP@localhost')).step(''), 'base64');
    const at = fc.record({ position: fc.nat(token.length - 1), bit: fc.nat(7), end: fc.nat(token.length) });
    await fc.assert(
      fc.asyncProperty(at, async ({ position, bit, end }) => {
        const changed = Buffer.from(token.subarray(0, Math.max(end, position + 1)));
        changed[position]! ^= 1 << bit;
        const server = await kerberos.initializeServer('HTTP@localhost');
        try {
          await server.step(changed.toString('base64'));
          expect(server.username).toBe('alice@A.TEST');
        } catch (error) {
          expect((error as Error).constructor).toBe(Error);
          expect(server).toMatchObject({ username: null, response: null, contextComplete: false });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('wraps what cannot be an offer of SASL layers as it is', async () => {
    const { client } = await establish(both);
    const custom = Buffer.from('\x01\0\0\0alice').toString('base64');
    expect(Buffer.from(await client.wrap(custom, {}), 'base64').includes('\x01\0\0\0alice')).toBe(true);
  });
});
