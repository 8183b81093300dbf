import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openGssLibrary } from '../support/gss-library.ts';
import { type OwnRealm, startOwnRealm } from '../support/own-realm.ts';
import type { Said } from '../support/peer-client.ts';
import { describePeer } from '../support/peers.ts';
import { createPki, type Pki } from '../support/realm-pki.ts';

const PROGRAMS = '/opt/heimdal/bin';
const KRB5 = '1.2.840.113554.1.2.2';
const DELEG_AND_MUTUAL = 3;

let pki: Pki;
let realm: OwnRealm;

beforeAll(async () => {
  pki = createPki('LAB.TEST');
  realm = await startOwnRealm({
    realm: 'LAB.TEST',
    users: [
      { name: 'alice', password: 'wonderland', aliases: ['alice@corp.example'] },
      { name: 'machine', password: 'desk' },
      { name: 'expired', password: 'wonderland', expiration: new Date(0) },
      { name: 'locked', password: 'wonderland', locked: true },
    ],
    services: ['WELLKNOWN/ANONYMOUS', { name: 'host/localhost', okAsDelegate: true }, 'HTTP/localhost'],
    pkinit: pki.options,
    keys: ['alice', 'host/localhost', 'HTTP/localhost'],
    // Its first choice for Diffie-Hellman has 1024 bits.
    profile: text =>
      `${text}\n[appdefaults]\n\tpkinit_anchors = ${pki.anchors}\n`.replace(
        '[libdefaults]\n',
        '[libdefaults]\n\tpkinit_dh_min_bits = 1024\n',
      ),
  });
  writeFileSync(join(realm.dir, 'wonderland'), 'wonderland\n');
  writeFileSync(join(realm.dir, 'desk'), 'desk\n');
  writeFileSync(join(realm.dir, 'wrong'), 'looking-glass\n');
});

afterAll(async () => {
  await realm?.stop();
  pki?.remove();
});

beforeEach(() => realm.run('kdestroy -q').then(() => undefined));

const heimdal = (line: string): Promise<Said> => realm.run(`${PROGRAMS}/${line}`);
const login = (...words: readonly string[]) =>
  heimdal(['kinit', '--password-file=wonderland', ...words].join(' '));
const SILENCE = { status: 0, output: '' };

describePeer('heimdal-client', () => {
  it('logs in with a keytab, and gets a ticket', async () => {
    expect(await heimdal('kinit -k -t keytab alice')).toEqual(SILENCE);
    expect(await heimdal('kgetcred host/localhost')).toEqual(SILENCE);
  });

  it('gets a postdated ticket and validates it', async () => {
    expect(await login('-s', '2s', 'alice')).toMatchObject({ status: 0 });
    expect((await heimdal('kgetcred host/localhost')).status).toBe(1);
    await new Promise(resolve => setTimeout(resolve, 2500));
    expect(await heimdal('kinit -v')).toMatchObject({ status: 0 });
    expect(await heimdal('kgetcred host/localhost')).toEqual(SILENCE);
  });

  it('logs in within FAST', async () => {
    expect(await heimdal('kinit --password-file=desk -c FILE:armor machine')).toEqual(SILENCE);
    expect(await login('--fast-armor-cache=FILE:armor', 'alice')).toEqual(SILENCE);
    expect(await heimdal('kgetcred host/localhost')).toEqual(SILENCE);
  });

  it('logs in with a certificate', async () => {
    expect(await heimdal(`kinit -C ${pki.identity} alice`)).toEqual(SILENCE);
    expect(await heimdal('kgetcred host/localhost')).toEqual(SILENCE);
  });

  it('gets an anonymous ticket', async () => {
    expect(await heimdal('kinit -n @LAB.TEST')).toEqual(SILENCE);
    expect((await heimdal('klist')).output).toContain('WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS');
    expect(await heimdal('kgetcred host/localhost')).toEqual(SILENCE);
  });

  it('is told its true name', async () => {
    expect(await login('--canonicalize', '--enterprise', 'alice@corp.example')).toEqual(SILENCE);
    expect((await heimdal('klist')).output).toContain('Principal: alice@LAB.TEST');
  });

  it('forwards its ticket to a service', async () => {
    expect(await login('-f', 'alice')).toEqual(SILENCE);
    const env = (file: string) => ({
      KRB5_CONFIG: join(realm.dir, 'krb5.conf'),
      KRB5_KTNAME: `FILE:${realm.keytab}`,
      KRB5CCNAME: `FILE:${join(realm.dir, file)}`,
      KRB5RCACHEDIR: realm.dir,
    });
    const options = { mechanism: KRB5, target: 'host@localhost', flags: DELEG_AND_MUTUAL };
    const initiator = await openGssLibrary('heimdal', env('cache'), { side: 'initiator', ...options });
    const acceptor = await openGssLibrary('heimdal', env('none'), { side: 'acceptor', mechanism: KRB5 });
    try {
      const sent = await initiator.step();
      expect(sent.error).toBeUndefined();
      const accepted = await acceptor.step(sent.token);
      expect(accepted).toMatchObject({ error: undefined, delegated: 'alice@LAB.TEST' });
      expect(await initiator.step(accepted.token)).toMatchObject({ error: undefined, complete: true });
    } finally {
      initiator.stop();
      acceptor.stop();
    }
  });

  describe('understands why', () => {
    it.each([
      ['--password-file=wrong alice', /Password incorrect/],
      ['--password-file=wonderland nobody', /CLIENT_NOT_FOUND/],
      ['--password-file=wonderland expired', /CLIENT_EXPIRED/],
      ['--password-file=wonderland locked', /CLIENT_LOCKED_OUT/],
    ])('kinit %s is refused', async (words, reason) => {
      const { status, output } = await heimdal(`kinit ${words}`);
      expect([status, output]).toEqual([1, expect.stringMatching(reason)]);
    });
  });
});
