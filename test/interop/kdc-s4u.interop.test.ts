import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnRealm, startOwnRealm } from '../support/own-realm.ts';
import { describePeer } from '../support/peers.ts';
import { createPki, type Pki } from '../support/realm-pki.ts';

const REALM = 'LAB.TEST';
const KGETCRED = '/opt/heimdal/bin/kgetcred';
const FRONTS = ['front/localhost', 'plain/localhost', 'guest/localhost'];
const CANNOT = "KDC can't fulfill requested option";

let pki: Pki;
let realm: OwnRealm;

beforeAll(async () => {
  pki = createPki(REALM);
  realm = await startOwnRealm({
    realm: REALM,
    users: [
      { name: 'alice', password: 'alicepw', aliases: ['alias', 'alice@corp.example'] },
      { name: 'sensitive', password: 'sensitivepw', notDelegated: true },
      { name: 'expired', password: 'expiredpw', passwordExpiration: new Date(0) },
      { name: 'dead', password: 'deadpw', expiration: new Date(0) },
      { name: 'locked', password: 'lockedpw', locked: true },
    ],
    services: [
      { name: 'front/localhost', okToAuthAsDelegate: true, delegatesTo: ['HTTP/localhost'] },
      { name: 'plain/localhost', delegatesTo: ['HTTP/localhost'] },
      { name: 'guest/localhost' },
      'HTTP/localhost',
      'host/localhost',
      { name: 'open/localhost', acceptsDelegationFrom: ['guest/localhost'] },
    ],
    pkinit: pki.options,
    profile: text => text.replace('[libdefaults]\n', '[libdefaults]\n\tforwardable = true\n'),
    keys: [...FRONTS, 'HTTP/localhost', 'host/localhost', 'open/localhost'],
  });
});

afterAll(async () => {
  await realm?.stop();
  pki?.remove();
});

/** A fresh cache of a service's. */
async function as(service: string): Promise<void> {
  await realm.run('kdestroy -q');
  expect(await realm.run(`kinit -f -k ${service}`)).toEqual({ status: 0, output: '' });
}

describePeer('mit-client', () => {
  it.each([
    'kvno -k keytab -U alice front/localhost',
    'kvno -k keytab -I alice front/localhost',
    'kvno -k keytab -U alias front/localhost',
    'kvno -k keytab -U alice@corp.example front/localhost',
    `kvno -k keytab -U alice@${REALM} front/localhost`,
    'kvno -k keytab -I expired front/localhost',
    'kvno -k keytab -I sensitive front/localhost',
    'kvno -k keytab -I alice -P HTTP/localhost',
  ])('%s', async line => {
    await as('front/localhost');
    const { status, output } = await realm.run(line);
    expect(output).toMatch(/kvno = 1, keytab entry valid\n$/);
    expect(status).toBe(0);
  });

  it.each([
    ['kvno -I nobody front/localhost', 'not found in Kerberos database'],
    ['kvno -I dead front/localhost', "Client's entry in database has expired"],
    ['kvno -I locked front/localhost', "Client's credentials have been revoked"],
    ['kvno -I alice -P host/localhost', CANNOT],
    ['kvno -I alice -P open/localhost', CANNOT],
    ['kvno -I sensitive -P HTTP/localhost', CANNOT],
  ])('%s is refused', async (line, reason) => {
    await as('front/localhost');
    const { status, output } = await realm.run(line);
    expect(output).toContain(reason);
    expect(status).toBe(1);
  });

  it('gives a ticket in the name of its certificate', async () => {
    await as('front/localhost');
    const file = pki.identity.split(',')[0]!.replace('FILE:', '');
    const { output } = await realm.run(`kvno -k keytab -F ${file} front/localhost`);
    expect(output).toMatch(/kvno = 1, keytab entry valid\n$/);
    expect((await realm.run('klist')).output).toContain(`for client alice@${REALM}`);
  });

  it('gives none for a certificate that nobody it trusts has issued', async () => {
    const others = createPki(REALM);
    await as('front/localhost');
    const file = others.identity.split(',')[0]!.replace('FILE:', '');
    expect((await realm.run(`kvno -F ${file} front/localhost`)).status).toBe(1);
    others.remove();
    expect((await realm.run('klist')).output).not.toContain('for client');
  });

  it('tells the true name of who is asked for by another', async () => {
    await as('front/localhost');
    await realm.run('kvno -I alias front/localhost');
    expect((await realm.run('klist')).output).toContain(`for client alice@${REALM}`);
  });

  it('gives a service without protocol transition nothing to go on with', async () => {
    await as('plain/localhost');
    expect((await realm.run('kvno -I alice plain/localhost')).status).toBe(0);
    expect((await realm.run('klist -f')).output).toMatch(/for client alice@.*Flags: [^F]*\n/);
    expect((await realm.run('kvno -I alice -P HTTP/localhost')).output).toContain(CANNOT);
  });

  it('lets a resource say from whom it takes others', async () => {
    await as('guest/localhost');
    expect((await realm.run('kvno -k keytab -I alice -P open/localhost')).output).toMatch(/entry valid\n$/);
    expect((await realm.run('kvno -I sensitive -P open/localhost')).output).toContain(CANNOT);
    expect((await realm.run('kvno -I alice -P HTTP/localhost')).output).toContain(CANNOT);
  });
});

describePeer('heimdal-client', () => {
  describe('kgetcred', () => {
    it('gets a ticket in the name of a user, and another with that', async () => {
      await as('front/localhost');
      const out = `--out-cache=FILE:${realm.dir}/evidence`;
      expect(
        await realm.run(`${KGETCRED} ${out} --forwardable --impersonate=alice front/localhost`),
      ).toMatchObject({ status: 0, output: '' });
      expect((await realm.run(`klist FILE:${realm.dir}/evidence`)).output).toContain(`alice@${REALM}`);
      const delegating = `--delegation-credential-cache=FILE:${realm.dir}/evidence`;
      expect(await realm.run(`${KGETCRED} ${delegating} HTTP/localhost`)).toMatchObject({
        status: 0,
        output: '',
      });
      expect((await realm.run('klist')).output).toMatch(/HTTP\/localhost@LAB.TEST\n.*for client alice@/);
      expect((await realm.run(`${KGETCRED} ${delegating} host/localhost`)).status).toBe(1);
    });
  });
});

describePeer('python-gssapi', () => {
  it('libgssapi_krb5 initiates contexts in the name of a user', async () => {
    writeFileSync(
      join(realm.dir, 's4u.py'),
      `
import gssapi
name = lambda text: gssapi.Name(text, gssapi.NameType.kerberos_principal)
store = {'client_keytab': 'keytab', 'keytab': 'keytab', 'ccache': 'MEMORY:front'}
own = gssapi.Credentials(name=name('front/localhost'), usage='both', store=store)
for user in ['alice', 'sensitive']:
    theirs = own.impersonate(name(user), usage='initiate')
    target = gssapi.Name('HTTP@localhost', gssapi.NameType.hostbased_service)
    try:
        token = gssapi.SecurityContext(name=target, creds=theirs, usage='initiate').step()
        acceptor = gssapi.SecurityContext(creds=gssapi.Credentials(usage='accept', store={'keytab': 'keytab'}), usage='accept')
        acceptor.step(token)
        print(user, 'is', acceptor.initiator_name)
    except gssapi.exceptions.GSSError:
        print(user, 'is refused')
`,
    );
    await as('front/localhost');
    const { output } = await realm.run('/usr/bin/python3 s4u.py');
    expect(output).toBe(`alice is alice@${REALM}\nsensitive is refused\n`);
  });
});
