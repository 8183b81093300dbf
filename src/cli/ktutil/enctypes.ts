import { DEFAULT_ENCTYPES, isSupported, parseEnctypeList } from '../../crypto/enctype-list.ts';
import { type Arguments, UsageError } from '../command.ts';

// Not with the other options, because it loads the crypto room, which most of ktutil's commands do not need.

/** The enctypes in `-e`; undefined without it. */
export function enctypesOf(args: Arguments, program: string): readonly number[] | undefined {
  const text = args.value('enctypes');
  if (text === undefined) return undefined;
  const enctypes = parseEnctypeList(text, DEFAULT_ENCTYPES, { allowWeak: true }).filter(isSupported);
  if (enctypes.length === 0)
    throw new UsageError(`${program}: '${text}' contains no supported encryption type`);
  return enctypes;
}
