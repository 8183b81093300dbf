import type { ExpansionContext } from './expand.ts';
import { type LibDefaults, readLibDefaults } from './libdefaults.ts';
import type { Place, Profile, Relation } from './profile.ts';
import { realmPath } from './realm-path.ts';
import { readBoolean } from './values.ts';

/** A realm's subsection of [realms]; addresses as written, for `parseKdc` and `parseHostPort`. */
interface RealmConfig {
  readonly kdc: readonly string[];
  /** `primary_kdc`, or `master_kdc` where that is absent. */
  readonly primaryKdc: readonly string[];
  readonly adminServer: readonly string[];
  readonly kpasswdServer: readonly string[];
  readonly disableEncryptedTimestamp: boolean;
  /** Whether an anonymous ticket is the armor of every login without another one. */
  readonly autoFastArmor: boolean;
}

/**
 * krb5.conf as the rest of the toolkit sees it. A value is checked when it is read, and may throw `ConfigError`
 * CONFIG_VALUE.
 */
export interface Config {
  readonly profile: Profile;
  readonly libdefaults: LibDefaults;
  /** [libdefaults] as the initial tickets of a realm's clients go by it: its part of the section takes precedence. */
  libdefaultsOf(realm: string | undefined): LibDefaults;
  /** The settings of a realm; empty lists where nothing is set. */
  realm(name: string): RealmConfig;
  /** The realm that [domain_realm] assigns to a host: by its name, else by the longest matching domain. */
  realmOfHost(host: string): string | undefined;
  /** The file and line of that assignment. */
  whereRealmOfHost(host: string): Place | undefined;
  /** The realms from the client's to the server's, both included: by [capaths], else by hierarchy. */
  realmPath(clientRealm: string, serverRealm: string): readonly string[];
}

/** The typed view of a profile. */
export function createConfig(profile: Profile, expansion: ExpansionContext): Config {
  return {
    profile,
    libdefaults: readLibDefaults(profile, expansion),
    libdefaultsOf: realm => readLibDefaults(profile, expansion, realm),
    realm: name => readRealm(profile, name),
    realmOfHost: host => findRealmOfHost(profile, host)?.value || undefined,
    whereRealmOfHost: host => findRealmOfHost(profile, host),
    realmPath: (client, server) => realmPath(client, server, profile.values('capaths', client, server)),
  };
}

function readRealm(profile: Profile, realm: string): RealmConfig {
  const values = (name: string): readonly string[] => profile.values('realms', realm, name);
  return {
    get kdc() {
      return values('kdc');
    },
    get primaryKdc() {
      const primary = values('primary_kdc');
      return primary.length > 0 ? primary : values('master_kdc');
    },
    get adminServer() {
      return values('admin_server');
    },
    get kpasswdServer() {
      return values('kpasswd_server');
    },
    get disableEncryptedTimestamp() {
      return readBoolean(profile, ['realms', realm, 'disable_encrypted_timestamp'], false);
    },
    get autoFastArmor() {
      return readBoolean(profile, ['realms', realm, 'auto_fast_armor'], false);
    },
  };
}

function findRealmOfHost(profile: Profile, host: string): Relation | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  // An address belongs to no domain.
  if (name.includes(':') || /^[\d.]+$/.test(name)) return undefined;
  for (let suffix = name; suffix !== ''; suffix = outerDomain(suffix)) {
    const [relation] = profile.relations('domain_realm', suffix);
    if (relation !== undefined) return relation;
  }
  return undefined;
}

/** `a.b`, `.b`, `b`, nothing. */
function outerDomain(name: string): string {
  if (name.startsWith('.')) return name.slice(1);
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot);
}
