import { printable } from '../../codec/text.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { namedKeytab } from '../../local/keytabs.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, UsageError } from '../command.ts';
import { etypeText } from '../etype-text.ts';
import { lineOfJson } from '../json.ts';
import { keytabEntryJson } from '../keytab-json.ts';
import { settle } from '../manners.ts';
import { tellFailure } from '../run-command.ts';
import type { Io } from '../terminal.ts';
import { isSame, isSameSlot, readEntries } from './keytab.ts';

const DIFFERENT = 1;
const TROUBLE = 2;

/** ktutil diff: shows what two keytabs do not have in common, without the keys. */
export const ktutilDiff: Command = {
  name: 'ktutil diff',
  summary: 'Compare two keytabs; the exit status is 1 if they differ.',
  operands: 'FIRST SECOND',
  usageStatus: TROUBLE,
  options: [{ flags: '--json', text: 'Print one line of JSON; report a failure as one on stderr.' }],
  asksKdc: true,
  async run(args, io) {
    if (args.operands.length !== 2) throw new UsageError('ktutil diff: name two keytabs');
    try {
      const status = await compare(args, io);
      settle(io);
      return status;
    } catch (error) {
      await tellFailure({ program: 'ktutil diff', error, exitStatus: TROUBLE }, args, io);
      return TROUBLE;
    }
  },
};

async function compare(args: Arguments, io: Io): Promise<number> {
  const [first, second] = args.operands.map(name => namedKeytab(name)) as [Named, Named];
  const [before, after] = [await readEntries(first), await readEntries(second)];
  const gone = before.filter(entry => !after.some(other => isSameSlot(entry, other)));
  const come = after.filter(entry => !before.some(other => isSameSlot(entry, other)));
  const changed = before.filter(
    entry => after.some(other => isSameSlot(entry, other)) && !after.some(other => isSame(entry, other)),
  );
  if (args.has('json')) {
    const found = {
      first: first.name,
      second: second.name,
      onlyFirst: gone.map(keytabEntryJson),
      onlySecond: come.map(keytabEntryJson),
      otherKey: changed.map(keytabEntryJson),
    };
    io.out(lineOfJson(found));
  } else {
    const lines = (mark: string, entries: readonly KeytabEntry[]): void => {
      for (const entry of entries) io.out(`${mark} ${describeEntry(entry)}\n`);
    };
    lines('-', gone);
    lines('+', come);
    lines('!', changed);
  }
  return gone.length + come.length + changed.length === 0 ? 0 : DIFFERENT;
}

type Named = ReturnType<typeof namedKeytab>;

/** A key in one line: version, principal and encryption type. */
export function describeEntry({ principal, kvno, key }: KeytabEntry): string {
  return `${kvno} ${printable(formatPrincipal(principal))} (${etypeText(key.keytype)})`;
}
