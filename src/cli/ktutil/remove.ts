import { parseDuration } from '../../config/duration.ts';
import { KeytabError } from '../../errors.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { during } from '../../local/activity.ts';
import { principalOf } from '../../local/session.ts';
import { formatPrincipal, samePrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { serviceMatcher } from '../service-pattern.ts';
import { openSession } from '../session.ts';
import type { Io } from '../terminal.ts';
import {
  ageOption,
  countKeys,
  enctypesOption,
  keysJson,
  keytabOf,
  keytabOption,
  kvnoOf,
  kvnoOption,
  quietOption,
  readEntries,
  storeEntries,
} from './keytab.ts';

/** ktutil remove: removes the keys of principals, or some of them. */
export const ktutilRemove: Command = {
  name: 'ktutil remove',
  summary: 'Remove keys.',
  operands: 'PATTERN...',
  usageStatus: 2,
  options: [keytabOption, kvnoOption, enctypesOption, quietOption, jsonOutput],
  async run(args, io) {
    if (args.operands.length === 0) throw new UsageError('ktutil remove: name a principal');
    const kvno = kvnoOf(args, 'ktutil remove');
    const { enctypesOf } = await import('./enctypes.ts');
    const enctypes = enctypesOf(args, 'ktutil remove');
    const fits = serviceMatcher(args.operands);
    const matches = (entry: KeytabEntry): boolean => {
      if (kvno !== undefined && entry.kvno !== kvno) return false;
      return (enctypes?.includes(entry.key.keytype) ?? true) && fits(entry.principal);
    };
    const removed = await removeKeys(args, io, matches, { some: true });
    if (removed === 0)
      throw new KeytabError('KEYTAB_NO_KEY', `There is no key of ${args.operands.join(' or ')}`);
    return 0;
  },
};

/** ktutil purge: removes keys that have been superseded by newer ones. */
export const ktutilPurge: Command = {
  name: 'ktutil purge',
  summary: 'Remove keys that newer ones have replaced.',
  operands: '[PATTERN...]',
  usageStatus: 2,
  options: [keytabOption, ageOption, quietOption, jsonOutput],
  async run(args, io) {
    const age = ageOf(args, 'ktutil purge');
    const fits = serviceMatcher(args.operands);
    const entries = await readEntries(keytabOf(args, openSession(io)));
    await removeKeys(
      args,
      io,
      entry => fits(entry.principal) && isSuperseded(entry, entries, { age, now: io.now() }),
    );
    return 0;
  },
};

/** ktutil rename: moves the keys of a principal to another name; their salt stays the same. */
export const ktutilRename: Command = {
  name: 'ktutil rename',
  summary: 'Give the keys of a principal another name.',
  operands: 'FROM TO',
  usageStatus: 2,
  options: [keytabOption, quietOption, jsonOutput],
  async run(args, io) {
    const [from, to] = args.operands;
    if (from === undefined || to === undefined || args.operands.length > 2)
      throw new UsageError('ktutil rename: name two principals');
    const session = openSession(io);
    const [old, name] = [await principalOf(from, session), await principalOf(to, session)];
    const keytab = keytabOf(args, session);
    const keys = (await readEntries(keytab)).filter(({ principal }) => samePrincipal(principal, old));
    if (keys.length === 0)
      throw new KeytabError('KEYTAB_NO_KEY', `There is no key of ${formatPrincipal(old)}`);
    const renamed = keys.map(entry => ({ ...entry, principal: name }));
    if (samePrincipal(old, name)) {
      if (args.has('json')) io.out(await keysJson(keytab.name, 'renamed', renamed));
      return 0;
    }
    await storeEntries(keytab, renamed);
    await during(`writing ${keytab.name}`, () =>
      keytab.remove(({ principal }) => samePrincipal(principal, old)),
    );
    if (args.has('json')) io.out(await keysJson(keytab.name, 'renamed', renamed));
    else if (!args.has('quiet')) {
      io.out(`Renamed ${countKeys(keys.length)} to ${formatPrincipal(name)} in ${keytab.name}\n`);
    }
    return 0;
  },
};

async function removeKeys(
  args: Arguments,
  io: Io,
  matches: (entry: KeytabEntry) => boolean,
  { some = false } = {},
): Promise<number> {
  const keytab = keytabOf(args, openSession(io));
  const gone: KeytabEntry[] = [];
  const removed = await during(`writing ${keytab.name}`, () =>
    keytab.remove(entry => {
      const fits = matches(entry);
      if (fits) gone.push(entry);
      return fits;
    }),
  );
  if (args.has('json')) {
    if (removed > 0 || !some) io.out(await keysJson(keytab.name, 'removed', gone));
  } else if (!args.has('quiet')) io.out(`Removed ${countKeys(removed)} from ${keytab.name}\n`);
  return removed;
}

const DAY = 86_400;

/** The seconds of `--age`. */
export function ageOf(args: Arguments, program: string): number {
  const text = args.value('age');
  if (text === undefined) return DAY;
  const duration = parseDuration(text);
  if (duration === undefined || duration.ignored !== '' || duration.seconds < 0) {
    throw new UsageError(`${program}: '${text}' is not a duration such as '10h' or '7d'`);
  }
  return duration.seconds;
}

/** Whether a newer key of the same principal was written at least `age` seconds ago. */
export function isSuperseded(
  { principal, kvno }: KeytabEntry,
  entries: readonly KeytabEntry[],
  { age, now }: { readonly age: number; readonly now: Date },
): boolean {
  const latest = now.getTime() - age * 1000;
  return entries.some(
    other =>
      other.kvno > kvno && other.timestamp.getTime() <= latest && samePrincipal(other.principal, principal),
  );
}
