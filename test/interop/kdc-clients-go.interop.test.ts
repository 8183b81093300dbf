import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildGo } from '../bench/engine-peers.ts';
import { type OwnRealm, startOwnRealm } from '../support/own-realm.ts';
import type { Said } from '../support/peer-client.ts';
import { describePeer } from '../support/peers.ts';

const CLIENT = fileURLToPath(new URL('kdc-clients/client.go', import.meta.url));
const SETTINGS = '\tforwardable = true\n\trenew_lifetime = 2d\n\tcanonicalize = true\n';
const DOMAIN = 'S-1-5-21-1-2-3';

let realm: OwnRealm;
let program: string;

/** What gokrb5 says of a ticket-granting ticket. */
const TGT = 'krbtgt/LAB.TEST@LAB.TEST, forwardable true, renewable true, enctype 18\n';

describePeer('gokrb5', () => {
  beforeAll(async () => {
    const user = { password: 'wonderland' };
    realm = await startOwnRealm({
      realm: 'LAB.TEST',
      users: [
        { ...user, name: 'alice' },
        { ...user, name: 'member', account: { rid: 1105, groups: [513, 1110] } },
        { ...user, name: 'locked', locked: true },
        { ...user, name: 'forgetful' },
      ],
      // Its services take no PAC that has nothing but the name.
      services: [{ name: 'HTTP/localhost', noPac: true }, 'host/localhost'],
      domain: { sid: DOMAIN, name: 'LAB' },
      trusts: [{ realm: 'OTHER.TEST' }],
      realms: [{ realm: 'OTHER.TEST', services: [{ name: 'HTTP/www.other.test', noPac: true }] }],
      domainRealms: { '.other.test': 'OTHER.TEST' },
      passwordPort: 0,
      keys: ['HTTP/localhost', 'host/localhost', 'alice', 'HTTP/www.other.test@OTHER.TEST'],
      profile: text => text.replace('[libdefaults]\n', `[libdefaults]\n${SETTINGS}`),
    });
    const built = buildGo(CLIENT, realm.dir);
    if ('reason' in built) throw new Error(built.reason);
    program = built.command[0]!;
  }, 300_000);

  afterAll(() => realm?.stop());

  /** gokrb5 has neither FAST nor SPAKE nor PKINIT, forwards nothing, and asks in nobody else's name. */
  const go = (...words: readonly string[]): Promise<Said> => realm.run([program, ...words].join(' '));

  it('logs in with a password, renews its ticket, and opens a service with another', async () => {
    const login = ['password', 'alice', 'LAB.TEST', 'wonderland'];
    expect(await go(...login, 'show', 'renew', 'show', 'open', 'HTTP/localhost', 'keytab')).toEqual({
      status: 0,
      output: `${TGT}renewed\n${TGT}HTTP/localhost hears of alice@LAB.TEST\n`,
    });
  });

  it('logs in with a keytab', async () => {
    const keytab = join(realm.dir, 'keytab');
    expect(await go('keytab', 'alice', 'LAB.TEST', keytab, 'show', 'open', 'HTTP/localhost', keytab)).toEqual(
      { status: 0, output: `${TGT}HTTP/localhost hears of alice@LAB.TEST\n` },
    );
  });

  it('reads who the client is in the PAC of a ticket', async () => {
    const { output } = await go(
      ...['password', 'member', 'LAB.TEST', 'wonderland', 'open', 'host/localhost', 'keytab'],
    );
    const groups = `${DOMAIN}-513 ${DOMAIN}-1110 S-1-18-1`;
    expect(output).toBe(`host/localhost hears of member@LAB.TEST, number 1105 of LAB, in ${groups}\n`);
  });

  it('goes where our KDC refers it to, in another realm', async () => {
    const { output } = await go(
      ...['password', 'alice', 'LAB.TEST', 'wonderland', 'open', 'HTTP/www.other.test', 'keytab'],
    );
    expect(output).toBe('HTTP/www.other.test hears of alice@LAB.TEST\n');
  });

  it('changes its password', async () => {
    const login = (password: string, ...words: readonly string[]) =>
      go('password', 'forgetful', 'LAB.TEST', password, ...words);
    expect(await login('wonderland', 'change', 'looking-glass')).toEqual({ status: 0, output: 'changed\n' });
    expect((await login('looking-glass')).status).toBe(0);
    expect((await login('wonderland')).status).toBe(1);
  });

  it.each([
    ['alice', 'looking-glass', /KDC_ERR_PREAUTH_FAILED/],
    ['nobody', 'wonderland', /KDC_ERR_C_PRINCIPAL_UNKNOWN/],
    ['locked', 'wonderland', /KDC_ERR_CLIENT_REVOKED/],
  ])('understands why %s is refused', async (name, password, reason) => {
    const { status, output } = await go('password', name, 'LAB.TEST', password);
    expect([status, output]).toEqual([1, expect.stringMatching(reason)]);
  });
});
