import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OwnRealm, startOwnRealm } from '../support/own-realm.ts';
import type { Said } from '../support/peer-client.ts';
import { describePeer } from '../support/peers.ts';

const CLIENT = fileURLToPath(new URL('kdc-clients/KdcClient.java', import.meta.url));
const SETTINGS = '\tforwardable = true\n\trenew_lifetime = 2d\n';

let realm: OwnRealm;

beforeAll(async () => {
  const user = { name: 'alice', password: 'wonderland' };
  realm = await startOwnRealm({
    realm: 'LAB.TEST',
    users: [
      user,
      { ...user, name: 'modern', enctypes: [20] },
      { ...user, name: 'locked', locked: true },
      { ...user, name: 'sensitive', notDelegated: true },
    ],
    services: [
      'HTTP/localhost',
      { name: 'host/localhost', okAsDelegate: true },
      { name: 'front/localhost', okToAuthAsDelegate: true, delegatesTo: ['HTTP/localhost'] },
    ],
    trusts: [{ realm: 'OTHER.TEST' }],
    realms: [{ realm: 'OTHER.TEST', users: [{ ...user, name: 'bob' }], services: ['HTTP/www.other.test'] }],
    domainRealms: { '.other.test': 'OTHER.TEST' },
    keys: ['HTTP/localhost', 'host/localhost', 'front/localhost', 'alice', 'HTTP/www.other.test@OTHER.TEST'],
    profile: text =>
      text
        .replace('[libdefaults]\n', `[libdefaults]\n${SETTINGS}`)
        .replace('[domain_realm]\n', '[domain_realm]\n\t.other.test = OTHER.TEST\n'),
  });
});

afterAll(() => realm?.stop());

/** Java has neither FAST nor SPAKE nor PKINIT, and its kinit is for Windows alone. */
function java(...words: readonly string[]): Promise<Said> {
  const options = ['-Djava.security.krb5.conf=krb5.conf', '-XX:TieredStopAtLevel=1'];
  return realm.run(['java', ...options, CLIENT, ...words].join(' '));
}

/** What it says of a ticket-granting ticket. */
const tgtOf = (name: string, etype: number): string =>
  `krbtgt/LAB.TEST@LAB.TEST for ${name}@LAB.TEST, forwardable true, renewable true, enctype ${etype}\n`;

describePeer('java', () => {
  it('logs in with a password, renews its ticket, and opens a context with a service', async () => {
    const tgt = tgtOf('alice', 18);
    expect(
      await java(
        'password',
        'alice',
        'wonderland',
        'show',
        'renew',
        'show',
        'open',
        'HTTP/localhost',
        'keytab',
      ),
    ).toEqual({ status: 0, output: `${tgt}renewed\n${tgt}HTTP/localhost hears hello of alice@LAB.TEST\n` });
  });

  it('logs in with a keytab', async () => {
    expect(await java('keytab', 'alice', 'keytab', 'open', 'HTTP/localhost', 'keytab')).toEqual({
      status: 0,
      output: 'HTTP/localhost hears hello of alice@LAB.TEST\n',
    });
  });

  it('logs in with enctypes of SHA-2', async () => {
    const { output } = await java(
      ...['password', 'modern', 'wonderland', 'show', 'open', 'HTTP/localhost', 'keytab'],
    );
    expect(output).toMatch(/enctype \d+\nHTTP\/localhost hears hello of modern@LAB.TEST\n$/);
  });

  it('forwards its ticket to a service, which goes on with it', async () => {
    const { output } = await java(
      ...[
        'password',
        'alice',
        'wonderland',
        'forward',
        'host/localhost',
        'keytab',
        'HTTP/localhost',
        'keytab',
      ],
    );
    expect(output).toBe(
      'host/localhost hears hello of alice@LAB.TEST\nHTTP/localhost hears hello of alice@LAB.TEST\n',
    );
  });

  it('goes to a service in the name of a user, where both allow it', async () => {
    const behalf = (user: string, service: string) =>
      java('keytab', 'front/localhost', 'keytab', 'behalf', user, service, 'keytab');
    expect((await behalf('alice', 'HTTP/localhost')).output).toBe(
      'HTTP/localhost hears hello of alice@LAB.TEST\n',
    );
    expect((await behalf('alice', 'host/localhost')).status).toBe(1);
    expect((await behalf('sensitive', 'HTTP/localhost')).status).toBe(1);
  });

  it('goes to another realm, and comes from there', async () => {
    const { output } = await java(
      ...['password', 'alice', 'wonderland', 'open', 'HTTP/www.other.test@OTHER.TEST', 'keytab'],
    );
    expect(output).toBe('HTTP/www.other.test@OTHER.TEST hears hello of alice@LAB.TEST\n');
    const back = await java('password', 'bob@OTHER.TEST', 'wonderland', 'open', 'HTTP/localhost', 'keytab');
    expect(back.output).toBe('HTTP/localhost hears hello of bob@OTHER.TEST\n');
  });

  it.each([
    ['alice', 'looking-glass', /Checksum failed|Pre-authentication information was invalid/i],
    ['nobody', 'wonderland', /Client not found in Kerberos database/],
    ['locked', 'wonderland', /credentials have been revoked/],
  ])('understands why %s is refused', async (name, password, reason) => {
    const { status, output } = await java('password', name, password);
    expect([status, output]).toEqual([1, expect.stringMatching(reason)]);
  });
});
