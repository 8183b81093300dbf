import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { SealingMasterKey } from '../../kdc/dump/master.ts';
import { during } from '../../local/activity.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import type { Io } from '../terminal.ts';
import { writeWholeFile } from '../whole-file.ts';
import { databaseOptions, onlyOperand, withDatabase } from './database.ts';

const name = 'krb5kit kdc dump';

/** kdc dump: writes a realm for another KDC. */
export const kdcDump: Command = {
  name,
  summary: "Write a realm with its keys to a file for MIT's kdb5_util load.",
  operands: 'FILE',
  usageStatus: 2,
  options: [
    ...databaseOptions,
    { flags: '--format <format>', text: 'The format of the dump; mit is the default, and the only one.' },
    {
      flags: '--realm <realm>',
      text: 'Dump this realm instead of the one that the database was created for.',
    },
    {
      flags: '--mit-stash <file>',
      text: 'Encrypt the keys with the master key in this MIT stash file, which is created if it is missing.',
    },
    { flags: '--master-password', text: 'Ask for a master password, and encrypt the keys with it.' },
    jsonOutput,
  ],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const file = onlyOperand(args, name, 'file');
  const format = args.value('format') ?? 'mit';
  if (format !== 'mit') throw new UsageError(`${name}: there is no format '${format}'`);
  if (args.has('mitStash') === args.has('masterPassword')) {
    throw new UsageError(`${name}: give --mit-stash or --master-password`);
  }
  return withDatabase(args, io, name, async database => {
    const realm = args.value('realm') ?? database.defaultRealm;
    const policy = database.realm(realm);
    if (policy === undefined) {
      throw new KerberosError('REALM_UNKNOWN', `The realm ${realm} is not in the database`);
    }
    const master = await masterKey(args, realm, io);
    const { formatMitDump } = await import('../../kdc/dump/mit.ts');
    // The keys shared with other realms belong to this one.
    const entries = [...database.principals()].filter(({ principal: { components, realm: own } }) =>
      own === realm ? true : components[0] === 'krbtgt' && components[1] === realm,
    );
    const dump = formatMitDump(entries, { realm, policy, master, now: io.now() });
    await during(`writing ${file}`, () => writeWholeFile(file, dump.bytes, 'DATABASE_IO'));
    if (args.has('json')) {
      const { lineOfJson } = await import('../json.ts');
      io.out(lineOfJson({ file, realm, principalCount: dump.count, remarks: dump.remarks }));
      return;
    }
    for (const remark of dump.remarks) io.err(`${printable(`${name}: ${remark}`)}\n`);
    io.out(`${printable(`Dumped ${dump.count} principals of ${realm} to ${file}`)}\n`);
  });
}

async function masterKey(args: Arguments, realm: string, io: Io): Promise<SealingMasterKey> {
  const { masterKeyOfPassword, masterKeyOfStash } = await import('../../kdc/dump/master.ts');
  const stash = args.value('mitStash');
  if (stash !== undefined) {
    return during(`reading stash ${stash}`, () => masterKeyOfStash(stash, realm, io.now()));
  }
  const password = await during('reading password', () => io.readPassword('KDC database master key: '));
  return masterKeyOfPassword(password, realm);
}
