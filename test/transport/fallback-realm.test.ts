import { describe, expect, it } from 'vitest';
import { createConfig } from '../../src/config/config.ts';
import { createProfile, createSection } from '../../src/config/profile.ts';
import { parseProfile } from '../../src/config/profile-syntax.ts';
import { type FallbackRealmOptions, fallbackRealm } from '../../src/transport/fallback-realm.ts';

const none: FallbackRealmOptions = {
  lookupTxt: () => expect.unreachable(),
  lookupSrv: () => expect.unreachable(),
  lookupUri: () => expect.unreachable(),
};

function find(host: string, lines: string, options: FallbackRealmOptions = {}): Promise<string | undefined> {
  const text = `[libdefaults]\n${lines}`;
  const root = createSection();
  parseProfile(text, 'krb5.conf', root, { warn: () => {}, include: () => {} });
  const config = createConfig(createProfile([root]), { uid: 0, euid: 0, username: 'alice', temp: '/tmp' });
  return fallbackRealm(config, host, { ...none, ...options });
}

describe('the realm to try for a host of unknown realm', () => {
  it("is the host's domain in capitals, without a question to DNS", async () => {
    expect(await find('www.b.test', '')).toBe('B.TEST');
    expect(await find('WWW.B.Test.', '')).toBe('B.TEST');
  });

  it.each(['short', '10.0.0.1', '::1', ''])('is none of its own for %j', async host => {
    expect(
      await find(host, 'dns_lookup_realm = yes\nrealm_try_domains = 3', { lookupTxt: async () => [] }),
    ).toBe(undefined);
  });

  it('is what DNS says before all, if DNS is to be asked', async () => {
    const lookupTxt = async () => [['PUBLISHED.TEST']];
    expect(await find('www.b.test', 'realm_try_domains = 0', { lookupTxt, ...nowhere })).toBe('B.TEST');
    expect(await find('www.b.test', 'dns_lookup_realm = yes\nrealm_try_domains = 0', { lookupTxt })).toBe(
      'PUBLISHED.TEST',
    );
  });

  const realms = '[realms]\nTEST.ORG = {\nkdc = kdc\n}\nB.TEST.ORG = {\nkdc = kdc\n}';
  it.each([
    [-1, 'A.B.TEST.ORG'],
    [0, 'A.B.TEST.ORG'],
    [1, 'A.B.TEST.ORG'],
    [2, 'B.TEST.ORG'],
    [9, 'B.TEST.ORG'],
  ])(
    'is the first of the domains that has a KDC, of as many as realm_try_domains = %i allows',
    async (limit, realm) => {
      const config = `dns_lookup_kdc = no\nrealm_try_domains = ${limit}\n${realms}`;
      expect(await find('www.a.b.test.org', config)).toBe(realm);
    },
  );

  it('may have its KDC in DNS', async () => {
    const asked: string[] = [];
    const lookupSrv: FallbackRealmOptions['lookupSrv'] = async name => {
      asked.push(name);
      return name === '_kerberos._udp.B.TEST' ? [{ name: 'kdc', port: 88, priority: 0, weight: 0 }] : [];
    };
    const options = { lookupSrv, lookupUri: async () => [] };
    expect(await find('a.a.b.test', 'realm_try_domains = 2', options)).toBe('B.TEST');
    expect(asked).toContain('_kerberos._udp.A.A.B.TEST');
    expect(asked).toContain('_kerberos._udp.A.B.TEST');
  });

  it('is not sought in the top-level domain', async () => {
    const asked: string[] = [];
    const lookupSrv = async (name: string) => {
      asked.push(name);
      return [];
    };
    expect(await find('b.test', 'realm_try_domains = 9', { lookupSrv, lookupUri: async () => [] })).toBe(
      'TEST',
    );
    expect(asked.filter(name => name.endsWith('.TEST') && !name.endsWith('.B.TEST'))).toEqual([]);
  });
});

/** No KDC anywhere. */
const nowhere: FallbackRealmOptions = { lookupSrv: async () => [], lookupUri: async () => [] };
