import { readFileSync } from 'node:fs';
import { startHeimdalKdc } from '../../support/heimdal-kdc.ts';
import { createPki } from '../../support/realm-pki.ts';
import { type Column, PASSWORD, type Realm } from './realm.ts';
import { BETWEEN, capaths, DOMAIN_REALM, startForeign } from './trust.ts';

const ENCTYPES = [
  ...['aes256-cts-hmac-sha1-96', 'aes128-cts-hmac-sha1-96', 'aes256-cts-hmac-sha384-192'],
  ...['aes128-cts-hmac-sha256-128', 'arcfour-hmac-md5'],
];
const BULKY = 'b'.repeat(400);

const QUALITY = '[password_quality]\n  policies = builtin:minimum-length\n  min_length = 7\n';

/** Heimdal's KDC. */
export const heimdal: Column = {
  title: 'Heimdal',
  peers: ['heimdal-kdc', 'mit-kdc'],
  lacks: {
    camellia: 'Heimdal has no Camellia',
    ECDSA: 'Heimdal 7 takes no certificates of curves',
    'group 16': 'Heimdal 7 takes no other group than that of 2048 bits',
    'domain PAC': 'Heimdal makes no PAC without a plug-in',
    indicators: 'Heimdal 7 has no authentication indicators',
    OTP: 'Heimdal 7 asks for no one-time passwords by FAST',
    PAC: 'Heimdal makes no PAC without a plug-in',
    SPAKE: 'Heimdal 7 has no SPAKE',
  },
  start,
};

async function start(): Promise<Realm> {
  const user = (name: string, options = '--attributes=requires-pre-auth'): string =>
    `add --use-defaults -p ${PASSWORD} ${options} ${name}`;
  const pki = createPki('H.TEST');
  const foreign = await startForeign('H.TEST');
  const kdc = await startHeimdalKdc({
    passwordServer: true,
    enctypes: ENCTYPES,
    kdc: [
      'enable-pkinit = yes',
      ...pki.kdcLines,
      'pkinit_principal_in_certificate = yes',
      'allow-anonymous = yes',
      'max-kdc-datagram-reply-length = 1200',
      'require-preauth = no',
      'check-ticket-addresses = no',
    ],
    sections: `${DOMAIN_REALM}${capaths('H.TEST')}${QUALITY}`,
    keys: ['alice', 'front/localhost'],
    principals: [
      `cpw -p ${PASSWORD} alice`,
      `cpw -p ${PASSWORD} nopreauth`,
      user('before'),
      'rename before salted',
      user('nofwd', '--attributes=requires-pre-auth,disallow-forwardable'),
      user(BULKY),
      user('changer'),
      'cpw -r WELLKNOWN/ANONYMOUS',
      'add --use-defaults -r front/localhost',
      'modify --attributes=trusted-for-delegation --constrained-delegation=HTTP/localhost@H.TEST front/localhost',
      user('policed'),
      user('lapsed', '--pw-expiration-time=2020-01-01'),
      user('outdated', '--pw-expiration-time=2020-01-01'),
      user('expired', '--pw-expiration-time=2020-01-01'),
      user('dead', '--expiration-time=2020-01-01'),
      user('disabled', '--attributes=disallow-all-tix'),
      'modify --alias=alias@H.TEST alice',
      `add --use-defaults -p ${BETWEEN} krbtgt/B.TEST@H.TEST`,
    ],
  });
  return {
    name: 'H.TEST',
    dir: kdc.dir,
    profile: foreign.addTo(readFileSync(kdc.krb5Conf, 'utf8').split(DOMAIN_REALM)[0]!),
    port: kdc.port,
    keytab: kdc.keytab,
    bulky: BULKY,
    front: 'front/localhost',
    pki,
    alias: 'alias',
    enterpriseName: 'alice@H.TEST',
    async stop() {
      pki.remove();
      await Promise.all([kdc.stop(), foreign.stop()]);
    },
  };
}
