import { KeytabError } from '../../errors.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { namedKeytab } from '../../local/keytabs.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { serviceMatcher } from '../service-pattern.ts';
import type { Io } from '../terminal.ts';
import { countKeys, quietOption, readEntries, storedJson, storeEntries } from './keytab.ts';

/** ktutil merge: copies the contents of several keytabs into the last one named. */
export const ktutilMerge: Command = {
  name: 'ktutil merge',
  summary: 'Add the keys in keytabs to the last one named.',
  operands: 'FROM... TO',
  usageStatus: 2,
  options: [quietOption, jsonOutput],
  async run(args, io) {
    const to = args.operands.at(-1);
    const from = args.operands.slice(0, -1);
    if (to === undefined || from.length === 0) throw new UsageError('ktutil merge: name two keytabs');
    return store(from, to, [], args, io);
  },
};

/** ktutil copy: copies the contents of a keytab, or the keys of some principals, into another. */
export const ktutilCopy: Command = {
  name: 'ktutil copy',
  summary: 'Copy a keytab, or the keys of some principals, into another.',
  operands: 'FROM TO [PATTERN...]',
  usageStatus: 2,
  options: [quietOption, jsonOutput],
  async run(args, io) {
    const [from, to, ...patterns] = args.operands;
    if (from === undefined || to === undefined) throw new UsageError('ktutil copy: name two keytabs');
    return store([from], to, patterns, args, io);
  },
};

async function store(
  from: readonly string[],
  to: string,
  patterns: readonly string[],
  args: Arguments,
  io: Io,
): Promise<number> {
  const target = namedKeytab(to);
  const entries: KeytabEntry[] = [];
  for (const name of from) entries.push(...(await readEntries(namedKeytab(name))));
  const fits = serviceMatcher(patterns);
  const chosen = entries.filter(({ principal }) => fits(principal));
  if (patterns.length > 0 && chosen.length === 0) {
    throw new KeytabError('KEYTAB_NO_KEY', `There is no key of ${patterns.join(' or ')}`);
  }
  const stored = await storeEntries(target, chosen);
  const { added, replaced, known } = stored;
  if (args.has('json')) io.out(await storedJson(target, chosen, stored));
  else if (!args.has('quiet')) {
    const places = replaced === 0 ? '' : `, ${replaced} of them in the place of others`;
    const before = known === 0 ? '' : `; it had ${known} already`;
    io.out(`Added ${countKeys(added)}${places} to ${target.name}${before}\n`);
  }
  return 0;
}
