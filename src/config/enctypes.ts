import { isWeak } from '../crypto/enctype-names.ts';
import { DEFAULT_ENCTYPES, isSupported, parseEnctypeList } from '../crypto/enctypes.ts';
import { ConfigError } from '../errors.ts';
import type { Config } from './config.ts';

// Apart from LibDefaults, so that reading configuration does not load the crypto room: klist does without it.

/** The enctypes of session keys, tickets and authenticators we accept, best first: `permitted_enctypes`. */
export function permittedEnctypes(config: Config): readonly number[] {
  return readEnctypes(config, 'permitted_enctypes', DEFAULT_ENCTYPES);
}

/** What an AS-REQ asks for: `default_tkt_enctypes`, else the permitted ones. */
export function defaultTktEnctypes(config: Config): readonly number[] {
  return readEnctypes(config, 'default_tkt_enctypes');
}

/** What a TGS-REQ asks for: `default_tgs_enctypes`, else the permitted ones. */
export function defaultTgsEnctypes(config: Config): readonly number[] {
  return readEnctypes(config, 'default_tgs_enctypes');
}

function readEnctypes(config: Config, name: string, defaults?: readonly number[]): readonly number[] {
  const { profile, libdefaults } = config;
  const relation = profile.relations('libdefaults', name)[0];
  if (relation === undefined && defaults === undefined) return permittedEnctypes(config);
  const allowWeak = libdefaults.allowWeakCrypto;
  const allowDeprecated = allowWeak || libdefaults.allowRc4;
  const listed = parseEnctypeList(relation?.value ?? 'DEFAULT', DEFAULT_ENCTYPES, { allowWeak });
  const usable = listed.filter(etype => isSupported(etype) && (allowDeprecated || !isWeak(etype)));
  if (usable.length > 0) return usable;
  const where = relation === undefined ? '' : `${relation.file}:${relation.line}: `;
  throw new ConfigError('CONFIG_VALUE', `${where}${name} names no enctype that may be used`, relation);
}
