import { describe, expect, it } from 'vitest';
import { createConfig } from '../../src/config/config.ts';
import { type PkinitConfig, readPkinit } from '../../src/config/pkinit.ts';
import { createProfile, createSection } from '../../src/config/profile.ts';
import { parseProfile } from '../../src/config/profile-syntax.ts';

function pkinit(text: string): PkinitConfig {
  const root = createSection();
  parseProfile(text, 'krb5.conf', root, { warn: () => {}, include: () => {} });
  const expansion = { uid: 0, euid: 0, username: 'alice', temp: '/tmp', directories: {} };
  return readPkinit(createConfig(createProfile([root]), expansion), 'A.TEST');
}

describe('the PKINIT settings of a realm', () => {
  it("have MIT's defaults", () => {
    expect({ ...pkinit('') }).toEqual({
      identities: [],
      certMatch: [],
      anchors: [],
      pool: [],
      revoke: [],
      ekuChecking: 'kpKDC',
      kdcHostnames: [],
      dhMinBits: '2048',
      requireCrlChecking: false,
    });
  });

  it('are what is written for all realms, but for what is written for this one', () => {
    const config = pkinit(`[libdefaults]
      pkinit_anchors = FILE:/all
      pkinit_identities = FILE:/one
      pkinit_identities = FILE:/two
      pkinit_dh_min_bits = 4096
      A.TEST = {
        pkinit_dh_min_bits = P-384
      }
[realms]
      A.TEST = {
        pkinit_dh_min_bits = P-521
        pkinit_anchors = FILE:/own
        pkinit_cert_match = <SUBJECT>one
        pkinit_cert_match = <SUBJECT>two
        pkinit_kdc_hostname = kdc1
        pkinit_kdc_hostname = kdc2
      }
      B.TEST = {
        pkinit_pool = FILE:/others
      }`);
    expect({ ...config }).toMatchObject({
      anchors: ['FILE:/own'],
      identities: ['FILE:/one', 'FILE:/two'],
      pool: [],
      certMatch: ['<SUBJECT>one', '<SUBJECT>two'],
      kdcHostnames: ['kdc1', 'kdc2'],
      dhMinBits: 'P-384',
    });
  });

  it('name the purpose of a KDC in any case of letters', () => {
    const config = pkinit('[libdefaults]\npkinit_eku_checking = KPSERVERAUTH');
    expect(config.ekuChecking).toBe('kpServerAuth');
  });

  it.each([
    ['1024', '2048'],
    ['2048', '2048'],
    ['4096', '4096'],
    ['p-256', 'P-256'],
    ['P-521', 'P-521'],
  ])('take groups of %s bits for %s', (text, group) => {
    expect(pkinit(`[libdefaults]\npkinit_dh_min_bits = ${text}`).dhMinBits).toBe(group);
  });

  it.each([
    ['pkinit_dh_min_bits = many', 'dhMinBits'],
    ['pkinit_eku_checking = kpClient', 'ekuChecking'],
    ['pkinit_require_crl_checking = perhaps', 'requireCrlChecking'],
  ] as const)('do not take %s', (line, key) => {
    expect(() => pkinit(`[libdefaults]\n${line}`)[key]).toThrow(/^krb5\.conf:2: /);
  });
});
