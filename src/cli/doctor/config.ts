import type { Config } from '../../config/config.ts';
import type { LibDefaults } from '../../config/libdefaults.ts';
import type { Relation } from '../../config/profile.ts';
import { words } from '../../config/values.ts';
import { parseEnctypeList } from '../../crypto/enctype-list.ts';
import { ENCTYPE_NAMES, isWeak } from '../../crypto/enctype-names.ts';
import { ConfigError } from '../../errors.ts';
import type { FactOf } from '../explain/story.ts';
import { nearest } from '../nearest.ts';
import {
  CONFIGURATION,
  durationFindings,
  hostFindings,
  isUpperCase,
  placeOf,
  type Section,
  serverFindings,
} from './config-values.ts';
import { bad, type Finding, good, note } from './finding.ts';

/** The sections that are read by some implementation. */
const SECTIONS = [
  'libdefaults',
  'realms',
  'domain_realm',
  'capaths',
  'appdefaults',
  'plugins',
  'logging',
  'kdc',
  'kdcdefaults',
  'dbdefaults',
  'dbmodules',
  'login',
];

/** Common relations that MIT's and Heimdal's libraries read, and we do not. */
const OTHER_DEFAULTS = [
  'ap_req_checksum_type',
  'ccache_type',
  'default_cc_name',
  'default_etypes',
  'dns_fallback',
  'err_fmt',
  'k5login_authoritative',
  'k5login_directory',
  'kdc_req_checksum_type',
  'plugin_base_dir',
  'safe_checksum_type',
  'supported_enctypes',
  'verify_ap_req_nofail',
];

const ENCTYPE_LISTS = ['permitted_enctypes', 'default_tkt_enctypes', 'default_tgs_enctypes'] as const;
const REALM_RELATIONS = [
  'kdc',
  'admin_server',
  'kpasswd_server',
  'primary_kdc',
  'master_kdc',
  'default_domain',
  'http_anchors',
  'pkinit_anchors',
  'pkinit_kdc_hostname',
  'auth_to_local',
  'auth_to_local_names',
  'sitename',
  'disable_encrypted_timestamp',
  'auto_fast_armor',
];

/** The files that were to be read, and what named them. */
type ConfigSource = Pick<FactOf<'config'>, 'files' | 'from'>;

/** Problems in the configuration files, with their place, including those that the library silently works around. */
export function checkConfig(
  config: Config,
  { files, from }: ConfigSource = { files: [], from: '' },
): readonly Finding[] {
  const findings: Finding[] = [];
  const { profile } = config;
  const missing = profile.warnings.filter(({ line }) => line === 0);
  const read = files.filter(file => !missing.some(each => each.file === file));
  for (const { file } of missing) {
    const what = `${file} does not exist or cannot be read`;
    // Of several, some may be missing, and DNS may do without the usual one.
    const isFault = from === 'KRB5_CONFIG' && read.length === 0;
    findings.push(
      isFault
        ? bad(CONFIGURATION, what, 'set KRB5_CONFIG to the right file, or unset it')
        : note(CONFIGURATION, what),
    );
  }
  if (read.length > 0) findings.push(good(CONFIGURATION, `read ${read.join(', ')}`));
  for (const { file, line, text } of profile.warnings) {
    if (line > 0)
      findings.push(bad(CONFIGURATION, `${file}:${line}: ${text}`, `correct ${file}, line ${line}`));
  }
  return [
    ...findings,
    ...misspelt(profile.names(), SECTIONS, name => `section [${name}]`),
    ...defaultsFindings(config, config.libdefaults, ['libdefaults']),
    ...partsOf(config).flatMap(realm =>
      defaultsFindings(config, config.libdefaultsOf(realm), ['libdefaults', realm]),
    ),
    ...enctypeFindings(config),
    ...realmFindings(config),
    ...durationFindings(profile, ['libdefaults']),
    ...partsOf(config).flatMap(realm => durationFindings(profile, ['libdefaults', realm])),
    ...hostFindings(config),
  ];
}

/** The realms whose clients have a part of [libdefaults] to themselves. */
function partsOf({ profile }: Config): readonly string[] {
  return profile.names('libdefaults').filter(name => profile.names('libdefaults', name).length > 0);
}

/** Unknown names that resemble a known one. */
function misspelt(
  names: readonly string[],
  known: readonly string[],
  describe: (name: string) => string,
  place = '',
): readonly Finding[] {
  return names.flatMap(name => {
    const meant = known.includes(name) ? undefined : nearest(name, known);
    if (meant === undefined) return [];
    return [bad(CONFIGURATION, `${place}the ${describe(name)} is unknown and ignored`, `write ${meant}`)];
  });
}

/** Of [libdefaults], or of its part for the clients of a realm. */
function defaultsFindings(
  { profile }: Config,
  libdefaults: LibDefaults,
  section: Section,
): readonly Finding[] {
  const known = [...Object.keys(libdefaults).map(snakeCase), ...ENCTYPE_LISTS, ...OTHER_DEFAULTS];
  const names = profile.names(...section);
  const findings = names.flatMap(name => {
    const [first, ...others] = profile.relations(...section, name);
    if (first === undefined) return [];
    const place = placeOf(first);
    return [
      ...misspelt([name], known, each => `relation ${each}`, place),
      ...commentFindings(name, first),
      ...(others.length > 0 && name !== 'extra_addresses'
        ? [
            bad(
              CONFIGURATION,
              `${placeOf(others[0]!)}${name} is set twice, and the first value is used`,
              'remove one',
            ),
          ]
        : []),
    ];
  });
  return [
    ...findings,
    ...Object.keys(libdefaults)
      .filter(key => section.length === 1 || names.includes(snakeCase(key)))
      .flatMap(key => unreadable(() => Reflect.get(libdefaults, key))),
  ];
}

function hasComment(value: string): boolean {
  return /\s[#;]/.test(value);
}

/** MIT allows comments only on lines of their own. */
function commentFindings(name: string, relation: Relation): readonly Finding[] {
  if (!hasComment(relation.value)) return [];
  const text = `${placeOf(relation)}the text after the value of ${name} is not a comment, but part of the value`;
  return [bad(CONFIGURATION, text, 'put the comment on a separate line')];
}

/** The error that reading a value causes, if any. */
function unreadable(read: () => unknown): readonly Finding[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const hint =
      error.file === undefined
        ? 'correct its value in krb5.conf'
        : `correct ${error.file}, line ${error.line}`;
    return [bad(CONFIGURATION, error.message, hint)];
  }
}

function enctypeFindings({ profile }: Config): readonly Finding[] {
  const weak = profile.relations('libdefaults', 'allow_weak_crypto')[0];
  const allowed = weak !== undefined && /^(?:y|yes|true|t|1|on)$/i.test(weak.value);
  return [
    ...(allowed
      ? [
          bad(
            CONFIGURATION,
            `${placeOf(weak)}weak enctypes are allowed, although they can be broken`,
            'remove allow_weak_crypto',
          ),
        ]
      : []),
    ...ENCTYPE_LISTS.flatMap(name => {
      const relation = profile.relations('libdefaults', name)[0];
      return relation === undefined ? [] : enctypeListFindings(name, relation);
    }),
  ];
}

function enctypeListFindings(name: string, relation: Relation): readonly Finding[] {
  const place = placeOf(relation);
  const listed = words(relation.value).filter(word => !/^[-+]?default$/i.test(word));
  const isKnown = (word: string): boolean =>
    parseEnctypeList(word.replace(/^[-+]/, ''), [], { allowWeak: true }).length > 0;
  const unknown = listed.filter(word => !isKnown(word));
  const weak = parseEnctypeList(relation.value, [], { allowWeak: true }).some(isWeak);
  return [
    ...unknown.map(word =>
      bad(
        CONFIGURATION,
        `${place}${name} contains ${word}, which is unknown and ignored`,
        `remove it, or write its full name, such as ${likelyName(word)}`,
      ),
    ),
    ...(weak
      ? [
          bad(
            CONFIGURATION,
            `${place}${name} contains deprecated or weak enctypes`,
            'remove them, and create AES keys',
          ),
        ]
      : []),
  ];
}

/** The name of an enctype that an unknown word may be the beginning of, without what `[-+]` says; else any name. */
function likelyName(word: string): string {
  const start = word.replace(/^[-+]/, '').toLowerCase();
  const names = ENCTYPE_NAMES.flatMap(({ aliases }) => aliases);
  return names.find(name => name.startsWith(start)) ?? 'aes256-cts';
}

function realmFindings({ profile, libdefaults }: Config): readonly Finding[] {
  const realms = profile.names('realms');
  const realm = profile.first('libdefaults', 'default_realm');
  const place = profile.relations('libdefaults', 'default_realm')[0];
  const findings = realms.flatMap(name => [
    ...(isUpperCase(name)
      ? []
      : [note(CONFIGURATION, `the realm ${name} in [realms] is not in upper case, as is usual`)]),
    ...misspelt(profile.names('realms', name), REALM_RELATIONS, each => `relation ${each} of ${name}`),
    ...REALM_RELATIONS.flatMap(each =>
      profile.relations('realms', name, each).flatMap(row => commentFindings(each, row)),
    ),
    ...serverFindings(profile, name),
  ]);
  if (realm === undefined || place === undefined) {
    return [...findings, note(CONFIGURATION, 'default_realm is not set: names must contain @REALM')];
  }
  const unfound =
    !realms.includes(realm) &&
    !hasComment(realm) &&
    unreadable(() => libdefaults.dnsLookupKdc).length === 0 &&
    !libdefaults.dnsLookupKdc;
  return [
    ...findings,
    ...(isUpperCase(realm) || hasComment(realm)
      ? []
      : [
          bad(
            CONFIGURATION,
            `${placeOf(place)}default_realm ${realm} is not in upper case`,
            `write ${realm.toUpperCase()}`,
          ),
        ]),
    ...(unfound
      ? [
          bad(
            CONFIGURATION,
            `${realm} is not in [realms], and dns_lookup_kdc is off`,
            `add ${realm} with a kdc to [realms]`,
          ),
        ]
      : []),
  ];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
