import { printable } from '../../codec/text.ts';
import { exportKeytabEntries } from '../../kdc/database.ts';
import { resolveKeytab } from '../../keytab/keytab.ts';
import { during } from '../../local/activity.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import type { Io } from '../terminal.ts';
import { databaseOptions, enctypesOption, entryIn, withDatabase } from './database.ts';

const name = 'krb5kit kdc ktadd';

/** kdc ktadd: puts keys into a keytab. */
export const kdcKtadd: Command = {
  name,
  summary: 'Write the keys of principals to a keytab.',
  operands: 'KEYTAB PRINCIPAL...',
  usageStatus: 2,
  options: [
    ...databaseOptions,
    { flags: '-r, --random', text: 'Make new random keys first; the KDC keeps the previous ones, too.' },
    enctypesOption,
    jsonOutput,
  ],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const [keytab, ...names] = args.operands;
  if (keytab === undefined || names.length === 0) {
    throw new UsageError(`${name}: name the keytab and the principals`);
  }
  return withDatabase(args, io, name, async database => {
    const target = await during(`resolving keytab ${keytab}`, () => resolveKeytab(keytab));
    const found = names.map(text => entryIn(database, text));
    const entries = args.has('random')
      ? database.change(() => found.map(({ principal }) => database.addKeys(principal, { random: true })))
      : found;
    const keys = entries.flatMap(entry => exportKeytabEntries(entry, io.now()));
    await during(`writing keytab ${keytab}`, () => target.add(keys));
    if (args.has('json')) {
      const { keysJson } = await import('../ktutil/keytab.ts');
      io.out(await keysJson(target.name, 'keys', keys));
      return;
    }
    for (const { principal, keys } of entries) {
      const what = `Wrote the keys of ${formatPrincipal(principal)}, version ${keys[0]!.kvno}, to ${keytab}`;
      io.out(`${printable(what)}\n`);
    }
  });
}
