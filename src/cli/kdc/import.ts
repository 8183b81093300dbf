import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { PrincipalEntry } from '../../kdc/database.ts';
import type { ForeignDump } from '../../kdc/dump/entry.ts';
import type { DurableDatabase } from '../../kdc/store.ts';
import { during } from '../../local/activity.ts';
import { formatPrincipal, isTgs } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput } from '../command.ts';
import type { Io } from '../terminal.ts';
import { readImport } from '../whole-file.ts';
import { databaseOptions, onlyOperand, withDatabase } from './database.ts';

const name = 'krb5kit kdc import';
/** A million principals of MIT's come to less. */
const MAX_BYTES = 2 ** 30;

/** kdc import: imports the principals of another KDC. */
export const kdcImport: Command = {
  name,
  summary: 'Import principals with their keys from a dump made by MIT krb5 or Heimdal.',
  operands: 'FILE',
  usageStatus: 2,
  options: [
    ...databaseOptions,
    {
      flags: '-m, --master-key <file>',
      text: 'The stash file of MIT or the master-key file of Heimdal that decrypts the keys in the dump.',
    },
    { flags: '--keep', text: 'Do not replace principals that exist already.' },
    jsonOutput,
  ],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const file = onlyOperand(args, name, 'file');
  return withDatabase(args, io, name, async database => {
    const dump = await during(`reading ${file}`, () => readDump(file, args.value('masterKey')));
    const counts = await during(`importing ${file}`, () =>
      database.change(() => takeOver(dump, database, args.has('keep'))),
    );
    if (args.has('json')) {
      const { lineOfJson } = await import('../json.ts');
      const { taken, kept } = counts;
      io.out(lineOfJson({ file, taken, kept, remarks: [...dump.remarks, ...counts.remarks] }));
      return;
    }
    for (const remark of [...dump.remarks, ...counts.remarks]) io.err(`${printable(`${name}: ${remark}`)}\n`);
    const kept = counts.kept === 0 ? '' : `, left ${counts.kept} as they were`;
    io.out(`Imported ${counts.taken} principals${kept}\n`);
  });
}

async function readDump(file: string, masterKey: string | undefined): Promise<ForeignDump> {
  const bytes = readImport(file, MAX_BYTES, 'DATABASE_IO');
  const { readForeignMasterKeys } = await import('../../kdc/dump/master.ts');
  const masters = masterKey === undefined ? [] : await readForeignMasterKeys(masterKey);
  const { isMitDump, readMitDump } = await import('../../kdc/dump/mit-read.ts');
  if (isMitDump(bytes)) return readMitDump(bytes, masters);
  const { readHeimdalDump } = await import('../../kdc/dump/heimdal.ts');
  return readHeimdalDump(bytes, masters);
}

interface Counts {
  taken: number;
  kept: number;
  remarks: string[];
}

/**
 * Stores the contents of a dump in the database; a realm whose ticket-granting service is in it is served from now on.
 */
function takeOver({ entries, policies }: ForeignDump, database: DurableDatabase, keep: boolean): Counts {
  const counts: Counts = { taken: 0, kept: 0, remarks: [] };
  const served = new Set(database.realms());
  const tgs = entries.map(({ principal }) => principal).filter(isTgs);
  for (const { components, realm } of tgs) {
    if (components[1] !== realm || served.has(realm)) continue;
    database.addRealm(realm);
    served.add(realm);
  }
  for (const realm of served) {
    if (Object.keys(policies).length === 0 || !entries.some(({ principal }) => principal.realm === realm))
      continue;
    database.addRealm(realm, { policies: { ...database.realm(realm)?.policies, ...policies } });
  }
  for (const entry of entries) takeEntry(entry, { database, served, keep, counts });
  return counts;
}

interface Taking {
  readonly database: DurableDatabase;
  readonly served: ReadonlySet<string>;
  readonly keep: boolean;
  readonly counts: Counts;
}

function takeEntry(entry: PrincipalEntry, { database, served, keep, counts }: Taking): void {
  const { principal } = entry;
  const isTrust = isTgs(principal) && served.has(principal.components[1]!);
  if (!served.has(principal.realm) && !isTrust) {
    counts.remarks.push(`${formatPrincipal(principal)} is of another realm`);
  } else if (keep && database.own(principal) !== undefined) {
    counts.kept++;
  } else {
    try {
      database.put(entry);
      counts.taken++;
    } catch (error) {
      if (!(error instanceof KerberosError) || error.code !== 'PRINCIPAL_EXISTS') throw error;
      counts.remarks.push(`${formatPrincipal(principal)} is left out: ${error.message}`);
    }
  }
}
