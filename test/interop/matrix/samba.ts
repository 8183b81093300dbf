import { createPki } from '../../support/realm-pki.ts';
import { startSamba } from '../../support/samba.ts';
import { type Column, PASSWORD, type Realm } from './realm.ts';

/** Past what userAccountControl says of every account: NORMAL_ACCOUNT. */
const DISABLED = 0x202;
const NO_PREAUTH = 0x400200;
const NOT_DELEGATED = 0x100200;
const PROTOCOL_TRANSITION = 0x1000200;
/** Windows counts in units of 100 ns from 1601. */
const LONG_AGO = '125911584000000000';
const GROUPS = Array.from({ length: 80 }, (_, index) => `group${index}`);

/** Samba as an Active Directory domain controller. */
export const samba: Column = {
  title: 'Samba AD',
  peers: ['samba'],
  lacks: {
    anonymous: 'Samba gives no anonymous tickets',
    camellia: 'Active Directory has no Camellia',
    ECDSA: 'Samba 4 takes no certificates of curves',
    'group 16': 'Samba 4 takes no other group than that of 2048 bits',
    indicators: 'Active Directory has no authentication indicators',
    'no pre-authentication': 'Samba 4 wants pre-authentication of everybody',
    OTP: 'Active Directory asks for no one-time passwords by FAST',
    postdating: 'Samba postdates no tickets',
    'SHA-2': 'Samba makes no keys of AES with SHA-2',
    SPAKE: 'Samba 4 has no SPAKE',
    trust: 'a trust needs another domain controller on the other side',
  },
  start,
};

async function start(): Promise<Realm> {
  const flagged = (name: string, flags: number) => ({
    name,
    attributes: { userAccountControl: String(flags) },
  });
  const pki = createPki('S.TEST');
  const domain = await startSamba({
    password: PASSWORD,
    // The user's addresses are others than the one by which they reach a KDC on the same machine.
    kdc: [
      'check-ticket-addresses = no',
      'enable-pkinit = yes',
      ...pki.kdcLines,
      'pkinit_principal_in_certificate = yes',
    ],
    groups: GROUPS,
    users: [
      { name: 'alice', groups: ['group0'], attributes: { userPrincipalName: 'alice@corp.example' } },
      { name: 'before', attributes: { sAMAccountName: 'salted' } },
      { name: 'bulky', groups: GROUPS },
      { name: 'changer' },
      { name: 'policed' },
      { name: 'lapsed', attributes: { pwdLastSet: '0' } },
      { name: 'outdated', attributes: { pwdLastSet: '0' } },
      { name: 'expired', attributes: { pwdLastSet: '0' } },
      { name: 'dead', attributes: { accountExpires: LONG_AGO } },
      flagged('disabled', DISABLED),
      flagged('nopreauth', NO_PREAUTH),
      flagged('nofwd', NOT_DELEGATED),
      {
        name: 'front',
        attributes: {
          userAccountControl: String(PROTOCOL_TRANSITION),
          servicePrincipalName: 'front/localhost',
          'msDS-AllowedToDelegateTo': 'HTTP/localhost',
        },
      },
      {
        name: 'service',
        attributes: {
          servicePrincipalName: ['HTTP/localhost', 'host/localhost'],
          // RC4 and AES with SHA-1: without it, tickets for the service are sealed with RC4.
          'msDS-SupportedEncryptionTypes': '28',
        },
      },
    ],
    keytab: ['HTTP/localhost', 'host/localhost', 'alice', 'front'],
  });
  return {
    name: domain.realm,
    dir: domain.dir,
    profile: profileOf(domain),
    port: domain.port,
    keytab: domain.keytab,
    bulky: 'bulky',
    front: 'front',
    pki,
    alias: 'ALICE',
    enterpriseName: 'alice@corp.example',
    async stop() {
      pki.remove();
      await domain.stop();
    },
  };
}

function profileOf({ realm, port, passwordPort }: Awaited<ReturnType<typeof startSamba>>): string {
  return `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  ${realm} = {
    kdc = 127.0.0.1:${port}
    kpasswd_server = 127.0.0.1:${passwordPort}
  }
[domain_realm]
  localhost = ${realm}
`;
}
