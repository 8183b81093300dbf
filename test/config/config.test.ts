import { describe, expect, it } from 'vitest';
import { type Config, createConfig } from '../../src/config/config.ts';
import { defaultTgsEnctypes, defaultTktEnctypes, permittedEnctypes } from '../../src/config/enctypes.ts';
import type { ExpansionContext } from '../../src/config/expand.ts';
import { createProfile, createSection } from '../../src/config/profile.ts';
import { parseProfile } from '../../src/config/profile-syntax.ts';

const expansion: ExpansionContext = {
  uid: 1000,
  euid: 1001,
  username: 'alice',
  temp: '/tmp',
  directories: { LIBDIR: '/usr/lib' },
};

function config(text: string): Config {
  const root = createSection();
  parseProfile(text, 'krb5.conf', root, { warn: () => {}, include: () => {} });
  return createConfig(createProfile([root]), expansion);
}

function libdefaults(...lines: readonly string[]): Config['libdefaults'] {
  return config(['[libdefaults]', ...lines].join('\n')).libdefaults;
}

describe('libdefaults', () => {
  it('has MIT’s defaults', () => {
    expect({ ...libdefaults() }).toEqual({
      allowDes3: false,
      allowRc4: false,
      allowWeakCrypto: false,
      canonicalize: false,
      clockskew: 300,
      defaultCcacheName: undefined,
      defaultClientKeytabName: undefined,
      defaultKeytabName: undefined,
      defaultRcacheName: undefined,
      defaultRealm: undefined,
      dnsCanonicalizeHostname: 'true',
      dnsLookupKdc: true,
      dnsLookupRealm: false,
      dnsUriLookup: true,
      enforceOkAsDelegate: false,
      extraAddresses: [],
      forwardable: false,
      ignoreAcceptorHostname: false,
      kcmSocket: undefined,
      kdcTimesync: true,
      noaddresses: true,
      preferredPreauthTypes: undefined,
      proxiable: false,
      qualifyShortname: undefined,
      rdns: true,
      realmTryDomains: -1,
      renewLifetime: undefined,
      requestTimeout: 0,
      spakePreauthGroups: undefined,
      ticketLifetime: undefined,
      udpPreferenceLimit: 1465,
    });
  });

  it('reads what is written', () => {
    const values = libdefaults(
      'default_realm = A.TEST',
      'default_ccache_name = DIR:%{TEMP}/cc_%{uid}_%{euid}_%{USERID}%{null}',
      'default_keytab_name = FILE:%{LIBDIR}/%{username}.kt',
      'ticket_lifetime = 10h',
      'clockskew = 5m',
      'kdc_timesync = 0',
      'forwardable = Y',
      'rdns = off',
      'udp_preference_limit = 999999',
      'request_timeout = 3',
      'dns_canonicalize_hostname = Fallback',
      'preferred_preauth_types = 17, 16 2',
      'spake_preauth_groups = edwards25519,P-256',
      'qualify_shortname = ""',
    );
    expect(values).toMatchObject({
      defaultRealm: 'A.TEST',
      defaultCcacheName: 'DIR:/tmp/cc_1000_1001_1000',
      defaultKeytabName: 'FILE:/usr/lib/alice.kt',
      ticketLifetime: 36000,
      clockskew: 300,
      kdcTimesync: false,
      forwardable: true,
      rdns: false,
      udpPreferenceLimit: 32700,
      requestTimeout: 3,
      dnsCanonicalizeHostname: 'fallback',
      preferredPreauthTypes: [17, 16, 2],
      spakePreauthGroups: ['edwards25519', 'P-256'],
      qualifyShortname: '',
    });
  });

  it('adds up the extra addresses of all lines', () => {
    const { extraAddresses } = libdefaults('extra_addresses = 10.1.2.3, host', 'extra_addresses = ::1');
    expect(extraAddresses).toEqual(['10.1.2.3', 'host', '::1']);
  });

  it('complains of a bad value, with its place, only when it is read', () => {
    const values = libdefaults('forwardable = maybe', 'ticket_lifetime = long', 'realm_try_domains = 1x');
    expect(values.proxiable).toBe(false);
    const error = (line: number): object =>
      expect.objectContaining({ code: 'CONFIG_VALUE', file: 'krb5.conf', line });
    expect(() => values.forwardable).toThrow(error(2));
    expect(() => values.ticketLifetime).toThrow(error(3));
    expect(() => values.realmTryDomains).toThrow(error(4));
  });

  it.each(['%{ENV}', '%{HOME', '%{toString}', '%{BINDIR}'])(
    'names the token %s that means nothing, and its line',
    token => {
      const values = libdefaults(`default_ccache_name = FILE:${token}`);
      expect(() => values.defaultCcacheName).toThrow(`krb5.conf:2: ${token}`);
    },
  );

  it("lets a realm's part of the section take precedence for its clients", () => {
    const { libdefaults: ofAll, libdefaultsOf } = config(`[libdefaults]
      forwardable = true
      ticket_lifetime = 2h
      A.TEST = {
        ticket_lifetime = 1h
        forwardable = no
        proxiable = maybe
      }`);
    const { forwardable, ticketLifetime, renewLifetime } = libdefaultsOf('A.TEST');
    expect({ forwardable, ticketLifetime, renewLifetime }).toEqual({
      forwardable: false,
      ticketLifetime: 3600,
    });
    expect(() => libdefaultsOf('A.TEST').proxiable).toThrow(
      /^krb5\.conf:7: libdefaults\.A\.TEST\.proxiable: /,
    );
    for (const others of [ofAll, libdefaultsOf('B.TEST'), libdefaultsOf(undefined)]) {
      expect(others).toMatchObject({ forwardable: true, ticketLifetime: 7200, proxiable: false });
    }
  });

  it('leaves a percent sign alone', () => {
    expect(libdefaults('default_ccache_name = FILE:/a%d%').defaultCcacheName).toBe('FILE:/a%d%');
  });
});

describe('enctypes', () => {
  const lists = (...lines: readonly string[]): readonly (readonly number[])[] => {
    const it = config(['[libdefaults]', ...lines].join('\n'));
    return [permittedEnctypes(it), defaultTktEnctypes(it), defaultTgsEnctypes(it)];
  };

  it('are the strong ones unless written', () => {
    const [permitted, tkt, tgs] = lists();
    expect(permitted).toContain(18);
    expect(permitted).not.toContain(23);
    expect(tkt).toEqual(permitted);
    expect(tgs).toEqual(permitted);
  });

  it('follow permitted_enctypes unless they have their own', () => {
    expect(lists('permitted_enctypes = aes256-sha2', 'default_tgs_enctypes = aes128-cts')).toEqual([
      [20],
      [20],
      [17],
    ]);
  });

  it('have RC4 only where it is allowed', () => {
    expect(lists('permitted_enctypes = aes256-cts rc4')[0]).toEqual([18]);
    expect(lists('permitted_enctypes = aes256-cts rc4', 'allow_rc4 = true')[0]).toEqual([18, 23]);
    expect(lists('permitted_enctypes = aes256-cts rc4', 'allow_weak_crypto = true')[0]).toEqual([18, 23]);
  });

  it('complain of a list without any that may be used', () => {
    expect(() => lists('permitted_enctypes = des3')).toThrow(
      expect.objectContaining({ code: 'CONFIG_VALUE', line: 2 }),
    );
  });
});

describe('realms', () => {
  it('lists servers as written and falls back to master_kdc', () => {
    const { realm } = config(
      '[realms]\nA = {\nkdc = a\nkdc = b:89\nmaster_kdc = m\nadmin_server = s\ndisable_encrypted_timestamp = 1\nauto_fast_armor = yes\n}',
    );
    expect(realm('A')).toEqual({
      kdc: ['a', 'b:89'],
      primaryKdc: ['m'],
      adminServer: ['s'],
      kpasswdServer: [],
      disableEncryptedTimestamp: true,
      autoFastArmor: true,
    });
    expect(realm('B').kdc).toEqual([]);
  });

  it('paths between them come from capaths or from their names', () => {
    const { realmPath } = config('[capaths]\nA.X = {\nB.Y = M\nB.Y = N\n}');
    expect(realmPath('A.X', 'B.Y')).toEqual(['A.X', 'M', 'N', 'B.Y']);
    expect(realmPath('A.X', 'B.X')).toEqual(['A.X', 'X', 'B.X']);
  });
});

describe('the realm of a host', () => {
  const { realmOfHost } = config(
    '[domain_realm]\nh.x.org = H\n.x.org = DOTX\ny.org = Y\n.z = Z\nempty.org = ""\n.0.1 = IP',
  );

  it.each([
    ['h.x.org', 'H'],
    ['H.X.ORG.', 'H'],
    ['a.h.x.org', 'H'],
    ['b.x.org', 'DOTX'],
    ['x.org', undefined],
    ['y.org', 'Y'],
    ['b.y.org', 'Y'],
    ['c.z', 'Z'],
    ['z', undefined],
    ['empty.org', undefined],
    ['10.0.0.1', undefined],
    ['::1', undefined],
    ['', undefined],
  ])('%s is in %s', (host, realm) => {
    expect(realmOfHost(host)).toBe(realm);
  });
});
