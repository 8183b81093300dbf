import { printable } from '../../codec/text.ts';
import { during } from '../../local/activity.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { warnOfCase } from '../input-warnings.ts';
import type { Io } from '../terminal.ts';
import { databaseFile, databaseOptions, enctypesOption, openingOptions } from './database.ts';
import { policyOptions, realmPolicyChange } from './policy-options.ts';
import { checkRealm } from './realm.ts';

const name = 'krb5kit kdc init';

/** kdc init: makes a database for a realm. */
export const kdcInit: Command = {
  name,
  summary: 'Create a database for a realm.',
  operands: 'REALM',
  usageStatus: 2,
  options: [
    ...databaseOptions,
    { flags: '--keychain', text: 'Keep the master key in the OS keychain instead of a file.' },
    enctypesOption,
    ...policyOptions,
    jsonOutput,
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const [realm, ...rest] = args.operands;
  if (!realm || rest.length > 0) throw new UsageError(`${name}: name one realm`);
  checkRealm(realm, name);
  warnOfCase(name, realm, io);
  const inKeychain = args.has('keychain');
  if (inKeychain && args.has('stash')) throw new UsageError(`${name}: --keychain or --stash, not both`);
  const file = databaseFile(args, io, name);
  const options = {
    ...openingOptions(args, io, name),
    inKeychain,
    realm,
    policy: realmPolicyChange(args, name),
  };
  const { createDurableDatabase } = await import('../../kdc/store/open.ts');
  const database = await during('making the database', () => createDurableDatabase(file, options));
  await database.close();
  const stash = inKeychain ? null : (options.stash ?? `${file}.stash`);
  if (args.has('json')) {
    const { lineOfJson } = await import('../json.ts');
    io.out(lineOfJson({ database: file, realm, stash }));
    return 0;
  }
  const place = stash ?? 'the OS keychain';
  io.out(`${printable(`Made ${file} for the realm ${realm}; its master key is in ${place}`)}\n`);
  return 0;
}
