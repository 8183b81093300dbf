import { DEFAULT_ENCTYPES, isSupported, parseEnctypeList } from '../crypto/enctype-list.ts';
import { isWeak } from '../crypto/enctype-names.ts';
import { ConfigError } from '../errors.ts';
import type { Config } from './config.ts';

// Not part of LibDefaults, so that reading the configuration does not load the crypto room, which klist does not need.

const RC4 = 23;
/** The meaning of the word DEFAULT in a list: RC4 comes last, and only if allowed. */
const ALL_ENCTYPES: readonly number[] = [...DEFAULT_ENCTYPES, RC4];

/** The enctypes of session keys, tickets and authenticators to accept, the preferred first: `permitted_enctypes`. */
export function permittedEnctypes(config: Config): readonly number[] {
  return readEnctypes(config, 'permitted_enctypes') ?? readList('DEFAULT', config);
}

/** The enctypes that an AS-REQ asks for: `default_tkt_enctypes`, else the permitted ones. */
export function defaultTktEnctypes(config: Config): readonly number[] {
  return readEnctypes(config, 'default_tkt_enctypes') ?? permittedEnctypes(config);
}

/** The enctypes that a TGS-REQ asks for: `default_tgs_enctypes`, else the permitted ones. */
export function defaultTgsEnctypes(config: Config): readonly number[] {
  return readEnctypes(config, 'default_tgs_enctypes') ?? permittedEnctypes(config);
}

function readEnctypes(config: Config, name: string): readonly number[] | undefined {
  const [relation] = config.profile.relations('libdefaults', name);
  if (relation === undefined) return undefined;
  const usable = readList(relation.value, config);
  if (usable.length > 0) return usable;
  const where = `${relation.file}:${relation.line}`;
  throw new ConfigError('CONFIG_VALUE', `${where}: ${name} names no enctype that may be used`, relation);
}

function readList(text: string, { libdefaults }: Config): readonly number[] {
  const allowWeak = libdefaults.allowWeakCrypto;
  const allowDeprecated = allowWeak || libdefaults.allowRc4;
  const listed = parseEnctypeList(text, ALL_ENCTYPES, { allowWeak });
  return listed.filter(etype => isSupported(etype) && (allowDeprecated || !isWeak(etype)));
}
