import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OwnRealm, startOwnRealm } from '../support/own-realm.ts';
import type { Said } from '../support/peer-client.ts';
import { describePeer } from '../support/peers.ts';

const PYTHON = '/usr/bin/python3';
const IMPACKET = fileURLToPath(new URL('kdc-clients/with-impacket.py', import.meta.url));
const GSSAPI = fileURLToPath(new URL('kdc-clients/with-gssapi.py', import.meta.url));

let realm: OwnRealm;

beforeAll(async () => {
  const password = 'wonderland';
  realm = await startOwnRealm({
    realm: 'LAB.TEST',
    users: [
      { name: 'alice', password },
      { name: 'locked', password, locked: true },
    ],
    services: ['HTTP/localhost', { name: 'host/localhost', okAsDelegate: true }],
    trusts: [{ realm: 'LAX.TEST' }],
    realms: [
      {
        realm: 'LAX.TEST',
        acceptsUnsignedRequests: true,
        users: [
          { name: 'bob', password },
          { name: 'sensitive', password, notDelegated: true },
        ],
        services: ['HTTP/localhost'],
      },
    ],
    keys: ['HTTP/localhost', 'host/localhost', 'alice', 'HTTP/localhost@LAX.TEST'],
    profile: text => text.replace('[libdefaults]\n', '[libdefaults]\n\tforwardable = true\n'),
  });
});

afterAll(() => realm?.stop());

describePeer('python-gssapi', () => {
  const python = (...words: readonly string[]): Promise<Said> =>
    realm.run([PYTHON, GSSAPI, ...words].join(' '));

  it('logs in with a password and opens a context', async () => {
    expect(await python('password', 'alice', 'wonderland', 'open', 'HTTP/localhost')).toEqual({
      status: 0,
      output: 'HTTP/localhost hears hello of alice@LAB.TEST\n',
    });
  });

  it('logs in with a keytab and opens a context', async () => {
    expect(await python('keytab', 'alice', 'keytab', 'open', 'HTTP/localhost')).toEqual({
      status: 0,
      output: 'HTTP/localhost hears hello of alice@LAB.TEST\n',
    });
  });

  it('goes on with what was forwarded to a service', async () => {
    expect(
      (await python('password', 'alice', 'wonderland', 'forward', 'host/localhost', 'HTTP/localhost')).output,
    ).toBe('host/localhost hears hello of alice@LAB.TEST\nHTTP/localhost hears hello of alice@LAB.TEST\n');
  });

  it.each([
    ['alice', 'looking-glass', /Preauthentication failed|Password incorrect|Decrypt integrity check failed/],
    ['nobody', 'wonderland', /not found in Kerberos database/],
    ['locked', 'wonderland', /credentials have been revoked/],
  ])('understands why %s is refused', async (name, password, reason) => {
    const { status, output } = await python('password', name, password);
    expect([status, output]).toEqual([1, expect.stringMatching(reason)]);
  });
});

describePeer('impacket', () => {
  const impacket = (...words: readonly string[]): Promise<Said> =>
    realm.run([PYTHON, IMPACKET, String(realm.kdc.port), ...words].join(' '));
  const key = (name: string, etype: number): string => {
    const entry = realm.kdc.keytab(name).find(({ key: { keytype } }) => keytype === etype)!;
    return Buffer.from(entry.key.keyvalue).toString('hex');
  };

  it('logs in with a password', async () => {
    expect(await impacket('password', 'alice@LAB.TEST', 'wonderland')).toEqual({
      status: 0,
      output: 'logged in with enctype 18\n',
    });
  });

  it.each([17, 18])('logs in with a key of enctype %i', async etype => {
    expect(await impacket('key', 'alice@LAB.TEST', key('alice', etype))).toEqual({
      status: 0,
      output: `logged in with enctype ${etype}\n`,
    });
  });

  it('gets a ticket, unsigned as its request is, from a realm that takes those alone', async () => {
    expect(await impacket('password', 'bob@LAX.TEST', 'wonderland', 'HTTP/localhost')).toEqual({
      status: 0,
      output: 'logged in with enctype 18\nHTTP/localhost in LAX.TEST\n',
    });
    const { status, output } = await impacket('password', 'alice@LAB.TEST', 'wonderland', 'HTTP/localhost');
    expect([status, output]).toEqual([1, expect.stringContaining('KRB_AP_ERR_INAPP_CKSUM')]);
  });

  it('gets a ticket for a user whose tickets are not forwardable, for which it asks all the same', async () => {
    expect(await impacket('password', 'sensitive@LAX.TEST', 'wonderland', 'HTTP/localhost')).toEqual({
      status: 0,
      output: 'logged in with enctype 18\nHTTP/localhost in LAX.TEST\n',
    });
  });

  it.each([
    ['alice', 'looking-glass', /KDC_ERR_PREAUTH_FAILED/],
    ['nobody', 'wonderland', /KDC_ERR_C_PRINCIPAL_UNKNOWN/],
    ['locked', 'wonderland', /KDC_ERR_CLIENT_REVOKED/],
  ])('understands why %s is refused', async (name, password, reason) => {
    const { status, output } = await impacket('password', `${name}@LAB.TEST`, password);
    expect([status, output]).toEqual([1, expect.stringMatching(reason)]);
  });
});
