import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { otpStep, otpValue } from '../../../src/kdc/preauth/otp-value.ts';
import { type RunningKdc, startKdc, type UserSpec } from '../../../src/kdc/start.ts';
import { resolveKeytab } from '../../../src/keytab/keytab.ts';
import { createPki, type Pki } from '../../support/realm-pki.ts';
import { type Column, PASSWORD, type Realm } from './realm.ts';
import { BETWEEN, type Foreign, startForeign } from './trust.ts';

const BULKY = 'b'.repeat(400);

/** The secrets of two tokens, one of events and one of time. */
const TOKENS = ['GEZDGNBVGY3TQOJQ', 'JBSWY3DPEHPK3PXP'];

/** Our own KDC. */
export const own: Column = {
  title: 'krb5kit',
  peers: ['mit-kdc'],
  lacks: {},
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
  const foreign = await startForeign('K.TEST');
  const kdc = await startKdc({
    realm: 'K.TEST',
    trusts: [{ realm: 'B.TEST', password: BETWEEN, direction: 'outgoing' }],
    domainRealms: { '.b.test': 'B.TEST' },
    capaths: { 'K.TEST': { 'B.TEST': [], 'C.TEST': ['B.TEST'] } },
    domain: { sid: 'S-1-5-21-1-2-3', name: 'KTEST' },
    indicators: { pkinit: ['by-certificate'] },
    maxDatagramReply: 2000,
    passwordPort: 0,
    spakeGroups: ['edwards25519', 'P-256', 'P-384', 'P-521'],
    policies: { strict: { minLength: 7 } },
    enctypes: [18, 17, 20, 19, 26, 25, 23],
    users: [
      user('alice', { aliases: ['alias'], account: { rid: 1105, groups: [1200], upn: 'alice@K.TEST' } }),
      user('nopreauth', { requiresPreauth: false }),
      user('salted', { salt: 'a pinch of it' }),
      user('nofwd', { disallowForwardable: true }),
      user(BULKY),
      user('changer'),
      user('policed', { policy: 'strict' }),
      { name: 'otpuser', otp: { secret: TOKENS[0]!, counter: 0 } },
      { name: 'otpuser2', otp: { secret: TOKENS[1]! } },
      user('lapsed', { passwordExpiration: past }),
      user('outdated', { passwordExpiration: past }),
      user('expired', { passwordExpiration: past }),
      user('dead', { expiration: past }),
      user('disabled', { locked: true }),
    ],
    pkinit: pki.options,
    services: [
      { name: 'front/localhost', okToAuthAsDelegate: true, delegatesTo: ['HTTP/localhost'] },
      'WELLKNOWN/ANONYMOUS',
      'host/localhost',
      'HTTP/localhost',
    ],
  });
  return realmOf(kdc, pki, foreign);
}

async function realmOf(kdc: RunningKdc, pki: Pki, foreign: Foreign): Promise<Realm> {
  const dir = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const keytab = join(dir, 'keytab');
  await resolveKeytab(keytab).add(kdc.keytab('host/localhost', 'HTTP/localhost', 'front/localhost', 'alice'));
  return {
    name: kdc.realm,
    dir,
    profile: foreign.addTo(kdc.krb5Conf().split('[capaths]')[0]!),
    port: kdc.port,
    keytab,
    bulky: BULKY,
    alias: 'alias',
    enterpriseName: 'alice@K.TEST',
    tokens: [
      () => ['otpuser', otpValue({ secret: TOKENS[0]! }, 0)],
      () => ['otpuser2', otpValue({ secret: TOKENS[1]! }, otpStep({ secret: TOKENS[1]! }, Date.now()))],
    ],
    front: 'front/localhost',
    pki,
    async stop() {
      await Promise.all([kdc.close(), foreign.stop()]);
      pki.remove();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
