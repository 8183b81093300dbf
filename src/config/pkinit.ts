import type { Config } from './config.ts';
import type { Profile, Relation } from './profile.ts';
import { parseBoolean, valueError } from './values.ts';

/** The PKINIT settings of krb5.conf for the clients of one realm, under MIT's names. */
export interface PkinitConfig {
  /** `FILE:cert,key`, `DIR:`, `PKCS12:` or `ENV:`; the first usable one is taken. */
  readonly identities: readonly string[];
  /** The rules that choose among several certificates, in order. */
  readonly certMatch: readonly string[];
  /** `FILE:` or `DIR:` with the certificates to which a KDC's must lead. */
  readonly anchors: readonly string[];
  /** Like `anchors`, with certificates that may be between. */
  readonly pool: readonly string[];
  /** `FILE:` or `DIR:` with revocation lists. */
  readonly revoke: readonly string[];
  /** `kpKDC` by default. */
  readonly ekuChecking: 'kpKDC' | 'kpServerAuth' | 'none';
  readonly kdcHostnames: readonly string[];
  /** `2048` by default; groups of fewer bits are not used. */
  readonly dhMinBits: '2048' | 'P-256' | '4096' | 'P-384' | 'P-521';
  readonly requireCrlChecking: boolean;
}

const EKUS = ['kpKDC', 'kpServerAuth', 'none'] as const;
const GROUPS = ['2048', 'P-256', '4096', 'P-384', 'P-521'] as const;

/** A realm's PKINIT settings; each is read when it is accessed, and may then throw CONFIG_VALUE. */
export function readPkinit({ profile }: Config, realm: string): PkinitConfig {
  const all = (name: string): readonly string[] => find(profile, realm, name).map(({ value }) => value);
  const one = <T>(name: string, what: string, parse: (text: string) => T | undefined): T | undefined => {
    const relation = find(profile, realm, name)[0];
    if (relation === undefined) return undefined;
    const value = parse(relation.value);
    if (value === undefined) throw valueError([name], relation, what);
    return value;
  };
  return {
    get identities() {
      return all('pkinit_identities');
    },
    get certMatch() {
      return all('pkinit_cert_match');
    },
    get anchors() {
      return all('pkinit_anchors');
    },
    get pool() {
      return all('pkinit_pool');
    },
    get revoke() {
      return all('pkinit_revoke');
    },
    get ekuChecking() {
      return (
        one('pkinit_eku_checking', 'kpKDC, kpServerAuth or none', text =>
          EKUS.find(eku => eku.toLowerCase() === text.toLowerCase()),
        ) ?? 'kpKDC'
      );
    },
    get kdcHostnames() {
      return all('pkinit_kdc_hostname');
    },
    get dhMinBits() {
      return one('pkinit_dh_min_bits', '2048, 4096, P-256, P-384 or P-521', group) ?? '2048';
    },
    get requireCrlChecking() {
      return one('pkinit_require_crl_checking', 'yes or no', parseBoolean) ?? false;
    },
  };
}

/** Settings of the realm, in its part of [libdefaults] or in [realms], take precedence over those for all realms. */
function find(profile: Profile, realm: string, name: string): readonly Relation[] {
  const places = [
    ['libdefaults', realm, name],
    ['realms', realm, name],
    ['libdefaults', name],
  ];
  for (const place of places) {
    const relations = profile.relations(...place);
    if (relations.length > 0) return relations;
  }
  return [];
}

function group(text: string): PkinitConfig['dhMinBits'] | undefined {
  // 1024 bits are too few to be used here, even if they are permitted.
  return text === '1024' ? '2048' : GROUPS.find(name => name === text.toUpperCase());
}
