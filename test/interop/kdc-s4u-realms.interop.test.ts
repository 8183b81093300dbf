import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { type OwnRealm, startOwnRealm } from '../support/own-realm.ts';
import { describePeer } from '../support/peers.ts';

const PASSWORD = 'between-realms';
const TRUST = `-pw ${PASSWORD} -e aes256-cts-hmac-sha1-96:normal`;
const HOSTS = `[domain_realm]
	.one.test = ONE.TEST
	.two.test = TWO.TEST
	.a.test = A.TEST
`;

/** ONE.TEST is between THREE.TEST and all others. */
const CAPATHS = {
  'A.TEST': { 'THREE.TEST': ['ONE.TEST'] },
  'TWO.TEST': { 'THREE.TEST': ['ONE.TEST'] },
  'THREE.TEST': { 'A.TEST': ['ONE.TEST'], 'TWO.TEST': ['ONE.TEST'] },
};
const THEIR_CAPATHS = `[capaths]
	A.TEST = {
		THREE.TEST = ONE.TEST
	}
	THREE.TEST = {
		A.TEST = ONE.TEST
	}
`;

let theirs: MitKdc;
let ours: OwnRealm;

describePeer('mit-kdc', () => describePeer('mit-client', suite));

function suite(): void {
  beforeAll(async () => {
    theirs = await startMitKdc({
      principals: [`addprinc ${TRUST} krbtgt/ONE.TEST@A.TEST`, `addprinc ${TRUST} krbtgt/A.TEST@ONE.TEST`],
      sections: HOSTS + THEIR_CAPATHS,
      // It looks for the way of its own service, who has come from nowhere, and finds none through a third realm.
      realm: ['reject_bad_transit = false'],
    });
    theirs.addPrincipal('web/www.a.test', { flags: '+ok_to_auth_as_delegate +requires_preauth' });
    const password = 'pw';
    ours = await startOwnRealm({
      realm: 'ONE.TEST',
      users: [
        { name: 'alice', password },
        { name: 'sensitive', password, notDelegated: true },
        { name: 'locked', password, locked: true },
      ],
      services: [
        { name: 'web/www.one.test', okToAuthAsDelegate: true },
        { name: 'db/www.one.test', acceptsDelegationFrom: ['web/www.a.test@A.TEST'] },
      ],
      trusts: [
        { realm: 'A.TEST', password: PASSWORD, kdc: `127.0.0.1:${theirs.port}` },
        { realm: 'TWO.TEST' },
        { realm: 'THREE.TEST' },
      ],
      domainRealms: { '.a.test': 'A.TEST', '.two.test': 'TWO.TEST' },
      capaths: CAPATHS,
      realms: [
        {
          realm: 'TWO.TEST',
          users: [{ name: 'bob', password }],
          services: [
            { name: 'db/www.two.test', acceptsDelegationFrom: ['web/www.one.test@ONE.TEST'] },
            'mail/www.two.test',
          ],
          capaths: CAPATHS,
        },
        {
          realm: 'THREE.TEST',
          users: [{ name: 'dora', password }],
          services: ['web/www.three.test'],
          capaths: CAPATHS,
        },
      ],
      keys: [
        ...['web/www.one.test', 'db/www.one.test'].map(name => `${name}@ONE.TEST`),
        'db/www.two.test@TWO.TEST',
        'web/www.three.test@THREE.TEST',
      ],
      profile: text =>
        text
          .replace('[libdefaults]\n', '[libdefaults]\n\tforwardable = true\n')
          .replace('[domain_realm]\n', HOSTS),
    });
  });

  afterAll(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  async function as(service: string, keytab = 'keytab'): Promise<void> {
    await ours.run('kdestroy -q');
    expect(await ours.run(`kinit -f -k -t ${keytab} ${service}`)).toEqual({ status: 0, output: '' });
  }

  const ok = { status: 0, output: expect.stringMatching(/keytab entry valid\n$/) };

  describe('a service of our realm', () => {
    // Of theirs there are none: the reference implementation's KDC refers nobody by an enterprise name.
    it.each(['-I', '-U'])(
      'gets a ticket for itself in the name of a user of another realm, by %s',
      async option => {
        await as('web/www.one.test@ONE.TEST');
        expect(await ours.run(`kvno -k keytab ${option} bob@TWO.TEST web/www.one.test@ONE.TEST`)).toEqual(ok);
        expect((await ours.run('klist')).output).toContain('for client bob@TWO.TEST');
      },
    );

    it('gets one in the name of a user of a realm that another one leads to', async () => {
      await as('web/www.three.test@THREE.TEST');
      const line = 'kvno -k keytab -I bob@TWO.TEST web/www.three.test@THREE.TEST';
      expect(await ours.run(line)).toEqual(ok);
      expect((await ours.run('klist')).output).toContain('for client bob@TWO.TEST');
    });

    it.each(['alice@ONE.TEST', 'dora@THREE.TEST'])(
      'goes in the name of %s to one of another realm, where that one lets it',
      async user => {
        await as('web/www.one.test@ONE.TEST');
        // The client asks its own realm where to go, unless it is told.
        const to = (server: string) => ours.run(`kvno -k keytab -I ${user} -P ${server}`);
        expect(await to('db/www.two.test')).toEqual(ok);
        const refused = { status: 1, output: expect.stringContaining("KDC can't fulfill requested option") };
        expect(await to('mail/www.two.test')).toEqual(refused);
      },
    );

    it('goes nowhere in the name of who may not be delegated', async () => {
      await as('web/www.one.test@ONE.TEST');
      const { status, output } = await ours.run('kvno -I sensitive@ONE.TEST -P db/www.two.test');
      expect([status, output]).toEqual([1, expect.stringContaining("KDC can't fulfill requested option")]);
    });
  });

  describe('a service of their realm', () => {
    it('gets a ticket for itself in the name of a user of ours', async () => {
      await as('web/www.a.test@A.TEST', theirs.keytab);
      const line = `kvno -k ${theirs.keytab} -I alice@ONE.TEST web/www.a.test@A.TEST`;
      expect(await ours.run(line)).toEqual(ok);
      const { status, output } = await ours.run('kvno -I locked@ONE.TEST web/www.a.test@A.TEST');
      expect([status, output]).toEqual([1, expect.stringContaining('have been revoked')]);
    });

    it('gets one in the name of a user of a realm that another one of ours leads to', async () => {
      await as('web/www.a.test@A.TEST', theirs.keytab);
      const line = `kvno -k ${theirs.keytab} -I dora@THREE.TEST web/www.a.test@A.TEST`;
      expect(await ours.run(line)).toEqual(ok);
    });

    it('goes to one of ours in the name of a user of theirs, where that one lets it', async () => {
      await as('web/www.a.test@A.TEST', theirs.keytab);
      const conf = readFileSync(join(ours.dir, 'krb5.conf'), 'utf8');
      // The client asks its own realm where to go, unless it is told.
      const asked = conf
        .replace('default_realm = ONE', 'default_realm = A')
        .replace('.one.test = ONE.TEST', '');
      writeFileSync(join(ours.dir, 'a.conf'), asked);
      const to = (service: string) =>
        ours.run(`env KRB5_CONFIG=a.conf kvno -I alice@A.TEST -P -S ${service} www.one.test`);
      expect(await to('db')).toEqual({ status: 0, output: 'db/www.one.test@: kvno = 1\n' });
      expect((await ours.run('klist')).output).toMatch(
        /for client alice@A.TEST.*\n\tTicket server: db\/www.one.test@ONE.TEST\n/,
      );
      const { status, output } = await to('web');
      expect([status, output]).toEqual([1, expect.stringContaining("KDC can't fulfill requested option")]);
    });
  });
}
