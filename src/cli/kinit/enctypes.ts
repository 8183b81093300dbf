import { defaultTktEnctypes } from '../../config/enctypes.ts';
import { DEFAULT_ENCTYPES, isSupported, parseEnctypeList } from '../../crypto/enctype-list.ts';
import { KerberosError } from '../../errors.ts';
import type { Arguments } from '../command.ts';
import type { Session } from '../session.ts';

/**
 * The enctypes to request, the preferred one first: those of --enctypes, or else the configured ones. Throws
 * ENCTYPE_UNSUPPORTED if nothing of the configured ones is left.
 */
export function requestedEnctypes(args: Arguments, { config }: Session): readonly number[] {
  const configured = defaultTktEnctypes(config);
  if (!args.has('enctypes')) return configured;
  const wanted = namedIn(listOf(args), configured);
  if (wanted.length === 0) {
    throw new KerberosError('ENCTYPE_UNSUPPORTED', `No encryption type in --enctypes ${listOf(args)}`);
  }
  return wanted;
}

/** What is wrong with --enctypes. */
export function enctypeFaults(args: Arguments): readonly string[] {
  if (!args.has('enctypes')) return [];
  const list = listOf(args);
  const words = list.split(/[\s,]+/).filter(word => word !== '');
  const unknown = words.filter(word => namedIn(word.replace(/^[-+]/, '')).length === 0);
  if (unknown.length > 0) return unknown.map(word => `Unknown encryption type ${word}`);
  return namedIn(list).length === 0 ? [`No encryption type in --enctypes ${list}`] : [];
}

/** All that was given: Heimdal's option takes one type and may be repeated. */
function listOf(args: Arguments): string {
  return args.values('enctypes').join(',');
}

/** Those that are named may be weak. */
function namedIn(text: string, defaults = DEFAULT_ENCTYPES): readonly number[] {
  return parseEnctypeList(text, defaults, { allowWeak: true }).filter(isSupported);
}
