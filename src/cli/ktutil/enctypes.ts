import { DEFAULT_ENCTYPES, isSupported, parseEnctypeList } from '../../crypto/enctype-list.ts';
import { type Arguments, UsageError } from '../command.ts';

// Apart from the other options: it loads the crypto room, which most of ktutil's commands do without.

/** The enctypes that `-e` lists, undefined where it is not given. */
export function enctypesOf(args: Arguments, program: string): readonly number[] | undefined {
  const text = args.value('enctypes');
  if (text === undefined) return undefined;
  const enctypes = parseEnctypeList(text, DEFAULT_ENCTYPES, { allowWeak: true }).filter(isSupported);
  if (enctypes.length === 0) throw new UsageError(`${program}: no supported encryption type is in '${text}'`);
  return enctypes;
}
