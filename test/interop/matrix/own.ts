import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningKdc, startKdc, type UserSpec } from '../../../src/kdc/start.ts';
import { resolveKeytab } from '../../../src/keytab/keytab.ts';
import { createPki, type Pki } from './pki.ts';
import { type Column, PASSWORD, type Realm } from './realm.ts';

const BULKY = 'b'.repeat(400);

/** Our own KDC. */
export const own: Column = {
  title: 'krb5kit',
  peers: [],
  lacks: {
    alias: 'our KDC knows no aliases',
    'domain PAC': 'our KDC makes no PAC',
    'enterprise name': 'our KDC knows no enterprise names',
    indicators: 'our KDC makes no authentication indicators',
    OTP: 'our KDC asks for no one-time passwords',
    PAC: 'our KDC makes no PAC',
    'password server': 'our KDC changes no passwords',
    S4U2Proxy: 'our KDC has no S4U',
    S4U2Self: 'our KDC has no S4U',
    trust: 'our KDC trusts no other realm',
  },
  start,
};

async function start(): Promise<Realm> {
  const pki = createPki('K.TEST');
  const past = new Date(Date.now() - 7_200_000);
  const user = (name: string, options: Partial<UserSpec> = {}): UserSpec => ({
    name,
    password: PASSWORD,
    ...options,
  });
  const kdc = await startKdc({
    realm: 'K.TEST',
    maxDatagramReply: 1200,
    enctypes: [18, 17, 20, 19, 26, 25, 23],
    users: [
      user('alice'),
      user('nopreauth', { requiresPreauth: false }),
      user('salted', { salt: 'a pinch of it' }),
      user('nofwd', { disallowForwardable: true }),
      user(BULKY),
      user('changer'),
      user('policed'),
      user('lapsed', { passwordExpiration: past }),
      user('outdated', { passwordExpiration: past }),
      user('expired', { passwordExpiration: past }),
      user('dead', { expiration: past }),
      user('disabled', { locked: true }),
    ],
    pkinit: {
      identity: { ...pki.kdcCertificate, chain: [] },
      anchors: [pki.authority.certificate],
    },
    services: [
      'front/localhost',
      'WELLKNOWN/ANONYMOUS',
      'host/localhost',
      'HTTP/localhost',
      { name: 'kadmin/changepw', passwordChangeService: true },
    ],
  });
  return realmOf(kdc, pki);
}

async function realmOf(kdc: RunningKdc, pki: Pki): Promise<Realm> {
  const dir = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const keytab = join(dir, 'keytab');
  await resolveKeytab(keytab).add(kdc.keytab('host/localhost', 'HTTP/localhost', 'front/localhost', 'alice'));
  return {
    name: kdc.realm,
    dir,
    profile: kdc.krb5Conf(),
    port: kdc.port,
    keytab,
    bulky: BULKY,
    alias: 'alias',
    enterpriseName: 'alice@K.TEST',
    front: 'front/localhost',
    pki,
    async stop() {
      await kdc.close();
      pki.remove();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
