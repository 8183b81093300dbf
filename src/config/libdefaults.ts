import { type ExpansionContext, expandTokens } from './expand.ts';
import type { Profile } from './profile.ts';
import {
  parseBoolean,
  readBoolean,
  readDuration,
  readInteger,
  readIntegers,
  readValue,
  readWords,
  words,
} from './values.ts';

/**
 * The [libdefaults] of krb5.conf under MIT's names; each is read when it is accessed, and may then throw CONFIG_VALUE.
 */
export interface LibDefaults {
  readonly defaultRealm: string | undefined;
  readonly defaultCcacheName: string | undefined;
  readonly defaultKeytabName: string | undefined;
  readonly defaultClientKeytabName: string | undefined;
  readonly defaultRcacheName: string | undefined;
  /** Seconds. */
  readonly ticketLifetime: number | undefined;
  /** Seconds. */
  readonly renewLifetime: number | undefined;
  /** Seconds; 300 by default. */
  readonly clockskew: number;
  /** True by default. */
  readonly kdcTimesync: boolean;
  readonly forwardable: boolean;
  readonly proxiable: boolean;
  readonly canonicalize: boolean;
  /** True by default. */
  readonly noaddresses: boolean;
  readonly extraAddresses: readonly string[];
  readonly allowWeakCrypto: boolean;
  readonly allowRc4: boolean;
  readonly allowDes3: boolean;
  /** The largest request, in bytes, that is sent over UDP first; 1465 by default. */
  readonly udpPreferenceLimit: number;
  /** Seconds for one exchange with the KDCs of a realm; 0 means the transport's own limit. */
  readonly requestTimeout: number;
  /** True by default. */
  readonly dnsLookupKdc: boolean;
  /** True by default. */
  readonly dnsUriLookup: boolean;
  readonly dnsLookupRealm: boolean;
  /** `fallback` only after the name as given was not found; `true` by default. */
  readonly dnsCanonicalizeHostname: 'true' | 'false' | 'fallback';
  /** True by default. */
  readonly rdns: boolean;
  /** The domain for host names of one component; empty for none. */
  readonly qualifyShortname: string | undefined;
  /** How many parent domains of a host to try as its realm; -1 for none, 0 for its own domain only. */
  readonly realmTryDomains: number;
  readonly kcmSocket: string | undefined;
  readonly ignoreAcceptorHostname: boolean;
  readonly enforceOkAsDelegate: boolean;
  /** Pre-authentication types to try before others. */
  readonly preferredPreauthTypes: readonly number[] | undefined;
  readonly spakePreauthGroups: readonly string[] | undefined;
}

const UDP_PREFERENCE_LIMIT = 1465;
/** The largest limit that MIT accepts. */
const MAX_UDP_PREFERENCE_LIMIT = 32700;

/** The typed [libdefaults] of a profile; of a realm, what its part of the section sets takes precedence. */
export function readLibDefaults(profile: Profile, expansion: ExpansionContext, realm?: string): LibDefaults {
  const at = (name: string): readonly string[] => {
    const own = realm === undefined ? undefined : (['libdefaults', realm, name] as const);
    return own !== undefined && profile.where(...own) !== undefined ? own : ['libdefaults', name];
  };
  const text = (name: string): string | undefined => profile.first(...at(name));
  const boolean = (name: string, fallback: boolean): boolean => readBoolean(profile, at(name), fallback);
  const integer = (name: string, fallback: number): number => readInteger(profile, at(name), fallback);
  const duration = (name: string): number | undefined => readDuration(profile, at(name));
  const expanded = (name: string): string | undefined => {
    const [relation] = profile.relations(...at(name));
    return relation && expandTokens(relation, expansion);
  };

  return {
    get defaultRealm() {
      return text('default_realm');
    },
    get defaultCcacheName() {
      return expanded('default_ccache_name');
    },
    get defaultKeytabName() {
      return expanded('default_keytab_name');
    },
    get defaultClientKeytabName() {
      return expanded('default_client_keytab_name');
    },
    get defaultRcacheName() {
      return expanded('default_rcache_name');
    },
    get ticketLifetime() {
      return duration('ticket_lifetime');
    },
    get renewLifetime() {
      return duration('renew_lifetime');
    },
    get clockskew() {
      return duration('clockskew') ?? 300;
    },
    get kdcTimesync() {
      return boolean('kdc_timesync', true);
    },
    get forwardable() {
      return boolean('forwardable', false);
    },
    get proxiable() {
      return boolean('proxiable', false);
    },
    get canonicalize() {
      return boolean('canonicalize', false);
    },
    get noaddresses() {
      return boolean('noaddresses', true);
    },
    get extraAddresses() {
      return profile.relations(...at('extra_addresses')).flatMap(({ value }) => words(value));
    },
    get allowWeakCrypto() {
      return boolean('allow_weak_crypto', false);
    },
    get allowRc4() {
      return boolean('allow_rc4', false);
    },
    get allowDes3() {
      return boolean('allow_des3', false);
    },
    get udpPreferenceLimit() {
      const limit = integer('udp_preference_limit', UDP_PREFERENCE_LIMIT);
      return limit < 0 ? UDP_PREFERENCE_LIMIT : Math.min(limit, MAX_UDP_PREFERENCE_LIMIT);
    },
    get requestTimeout() {
      return Math.max(duration('request_timeout') ?? 0, 0);
    },
    get dnsLookupKdc() {
      return boolean('dns_lookup_kdc', true);
    },
    get dnsUriLookup() {
      return boolean('dns_uri_lookup', true);
    },
    get dnsLookupRealm() {
      return boolean('dns_lookup_realm', false);
    },
    get dnsCanonicalizeHostname() {
      return (
        readValue(profile, at('dns_canonicalize_hostname'), 'yes, no or fallback', canonicalization) ?? 'true'
      );
    },
    get rdns() {
      return boolean('rdns', true);
    },
    get qualifyShortname() {
      return text('qualify_shortname');
    },
    get realmTryDomains() {
      return integer('realm_try_domains', -1);
    },
    get kcmSocket() {
      return text('kcm_socket');
    },
    get ignoreAcceptorHostname() {
      return boolean('ignore_acceptor_hostname', false);
    },
    get enforceOkAsDelegate() {
      return boolean('enforce_ok_as_delegate', false);
    },
    get preferredPreauthTypes() {
      return readIntegers(profile, at('preferred_preauth_types'));
    },
    get spakePreauthGroups() {
      return readWords(profile, at('spake_preauth_groups'));
    },
  };
}

function canonicalization(text: string): 'true' | 'false' | 'fallback' | undefined {
  if (text.toLowerCase() === 'fallback') return 'fallback';
  const value = parseBoolean(text);
  if (value === undefined) return undefined;
  return value ? 'true' : 'false';
}
