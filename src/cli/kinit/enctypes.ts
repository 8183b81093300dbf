import { defaultTktEnctypes } from '../../config/enctypes.ts';
import { DEFAULT_ENCTYPES, isSupported, parseEnctypeList } from '../../crypto/enctype-list.ts';
import type { Arguments } from '../command.ts';
import type { Session } from '../session.ts';

/** The enctypes to request, the preferred one first: those of --enctypes, or else the configured ones. */
export function requestedEnctypes(args: Arguments, { config }: Session): readonly number[] {
  const configured = defaultTktEnctypes(config);
  const text = args.value('enctypes');
  return text === undefined ? configured : namedIn(text, configured);
}

/** What is wrong with the values of --enctypes. */
export function enctypeFaults(args: Arguments): readonly string[] {
  return args.values('enctypes').flatMap(text => {
    const words = text.split(/[\s,]+/).filter(word => word !== '');
    const unknown = words.filter(word => namedIn(word.replace(/^[-+]/, '')).length === 0);
    if (unknown.length > 0) return unknown.map(word => `Unknown encryption type ${word}`);
    return namedIn(text).length === 0 ? [`No encryption type in --enctypes ${text}`] : [];
  });
}

/** Those that are named may be weak. */
function namedIn(text: string, defaults = DEFAULT_ENCTYPES): readonly number[] {
  return parseEnctypeList(text, defaults, { allowWeak: true }).filter(isSupported);
}
