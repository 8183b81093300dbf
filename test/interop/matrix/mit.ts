import { readFileSync } from 'node:fs';
import { type MitKdc, startMitKdc } from '../../support/mit-kdc.ts';
import { type MitLdapKdc, startMitLdapKdc } from '../../support/mit-ldap-kdc.ts';
import { startRadius } from '../../support/radius.ts';
import { createPki } from '../../support/realm-pki.ts';
import { type Column, OTP_CODES, PASSWORD, type Realm } from './realm.ts';
import { BETWEEN, capaths, DOMAIN_REALM, startForeign } from './trust.ts';

const ENCTYPES = [
  ...['aes256-cts-hmac-sha1-96', 'aes128-cts-hmac-sha1-96', 'aes256-cts-hmac-sha384-192'],
  ...['aes128-cts-hmac-sha256-128', 'camellia256-cts-cmac', 'camellia128-cts-cmac', 'arcfour-hmac'],
];
const SPAKE_GROUPS = 'spake_preauth_groups = edwards25519 P-256 P-384 P-521';
const RADIUS_SECRET = 'between the KDC and the server';

/** The reference implementation. */
export const mit: Column = {
  title: 'MIT krb5',
  peers: ['mit-kadmind', 'mit-otp', 'mit-ldap-kdc'],
  lacks: {
    'domain PAC': "MIT's PAC names the client and is signed, and says nothing of a domain",
    'enterprise name': "MIT's KDC makes no principal of an enterprise name",
  },
  start,
};

async function start(): Promise<Realm> {
  const user = (name: string, flags = ''): string => `addprinc -pw "${PASSWORD}" ${flags} ${name}`;
  const pki = createPki('A.TEST');
  const radius = await startRadius(RADIUS_SECRET, OTP_CODES);
  const secret = pki.file('radius', RADIUS_SECRET);
  const foreign = await startForeign('A.TEST');
  const home = await startMitKdc({
    passwordServer: true,
    enctypes: ENCTYPES.map(name => `${name}:normal`).join(' '),
    libdefaults: [SPAKE_GROUPS, 'allow_rc4 = true'],
    realm: [...pki.kdcLines, 'pkinit_indicator = by-certificate'],
    sections: DOMAIN_REALM + capaths('A.TEST') + otpServer(radius.port, secret),
    principals: [
      'addpol -minlength 7 policy',
      // The realm's own users have other passwords.
      ...['alice', 'nopreauth', 'expired', 'dead', 'disabled'].map(name => `cpw -pw "${PASSWORD}" ${name}`),
      'modprinc -pwexpire "2 hours ago" expired',
      user('salted', '-e aes256-cts-hmac-sha1-96:special'),
      user('nofwd', '+requires_preauth -allow_forwardable'),
      user('changer'),
      'addprinc -randkey +requires_preauth otpuser',
      'purgekeys -all otpuser',
      'setstr otpuser otp "[{""type"":""lab""}]"',
      'addprinc -randkey WELLKNOWN/ANONYMOUS',
      'addprinc -randkey -requires_preauth +ok_to_auth_as_delegate front/localhost',
      user('policed', '-policy policy'),
      user('lapsed', '-pwexpire "2 hours ago"'),
      user('outdated', '-pwexpire "2 hours ago"'),
      `setstr krbtgt/A.TEST session_enctypes "${ENCTYPES.join(' ')}"`,
      `addprinc -pw ${BETWEEN} -e aes256-cts-hmac-sha1-96:normal krbtgt/B.TEST@A.TEST`,
    ],
  });
  home.kadmin([`ktadd -norandkey -k ${home.keytab} alice front/localhost`]);
  const ldap = await startMitLdapKdc();
  // krb5kdc 1.20 crashes when a request comes by UDP again whose reply has gone by TCP and does not fit: of no use to others.
  const terse = await startMitKdc({ kdcdefaults: ['kdc_max_dgram_reply_size = 300'] });
  const realm: Realm = {
    name: home.realm,
    dir: home.dir,
    profile: foreign.addTo(profileOf(home)),
    port: home.port,
    keytab: home.keytab,
    bulky: 'nopreauth',
    alias: 'alias',
    enterpriseName: 'alice@A.TEST',
    front: 'front/localhost',
    pki,
    async stop() {
      radius.stop();
      pki.remove();
      await Promise.all([home.stop(), foreign.stop(), ldap.stop(), terse.stop()]);
    },
  };
  const directory = directoryOf(ldap, realm);
  const elsewhere = { alias: directory, S4U2Proxy: directory, 'small datagrams': terseOf(terse, realm) };
  return { ...realm, elsewhere };
}

function otpServer(port: number, secret: string): string {
  return `[otp]\n  lab = {\n    server = 127.0.0.1:${port}\n    secret = ${secret}\n  }\n`;
}

/** The same KDC over LDAP, which holds what the usual database does not. */
function directoryOf({ dir, env, keytab }: MitLdapKdc, realm: Realm): Realm {
  const profile = readFileSync(env.KRB5_CONFIG!, 'utf8');
  return { ...realm, name: 'L.TEST', dir, profile, keytab, password: 'alicepw' };
}

/** The client's, which has to learn from the KDC which hosts are in which realm. */
function profileOf({ krb5Conf }: MitKdc): string {
  return readFileSync(krb5Conf, 'utf8')
    .replace(DOMAIN_REALM + capaths('A.TEST'), '')
    .replace('  allow_rc4 = true\n', '')
    .replace(`  ${SPAKE_GROUPS}\n`, '');
}

function terseOf({ dir, krb5Conf }: MitKdc, realm: Realm): Realm {
  return { ...realm, dir, profile: readFileSync(krb5Conf, 'utf8'), password: 'nopre' };
}
