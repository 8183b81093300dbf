import { KerberosError } from '../../errors.ts';
import type { DurableDatabase } from '../../kdc/store.ts';
import { type Arguments, UsageError } from '../command.ts';
import type { Io } from '../terminal.ts';
import { openDatabase } from './database.ts';
import type { RealmSpec } from './realm.ts';

/** Options that describe a realm created at the start. */
const OF_NEW_REALMS = [
  ['user', '--user'],
  ['service', '--service'],
  ['principals', '--principals'],
  ['maxLife', '--max-life'],
  ['maxRenewableLife', '--max-renewable-life'],
  ['enctypes', '--enctypes'],
  ['keytab', '--keytab'],
] as const;

/**
 * The database that the KDC serves with `--database`; undefined without it. Throws UsageError for contradictory
 * options.
 */
export async function servedDatabase(
  args: Arguments,
  io: Io,
  program: string,
): Promise<DurableDatabase | undefined> {
  if (!args.has('database')) {
    if (args.has('stash')) throw new UsageError(`${program}: --stash is for --database`);
    return undefined;
  }
  const other = OF_NEW_REALMS.find(([option]) => args.has(option));
  if (other !== undefined) throw new UsageError(`${program}: --database does not go with ${other[1]}`);
  const database = await openDatabase(args, io, program);
  const realm = realmOf(args, database);
  if (database.realm(realm) !== undefined) return database;
  await database.close();
  throw new KerberosError('REALM_UNKNOWN', `The realm ${realm} is not in the database`);
}

/** The realm of the command line, from a database. */
export function servedRealm(spec: RealmSpec, args: Arguments, database: DurableDatabase): RealmSpec {
  const realm = realmOf(args, database);
  const others = database.realms().filter(name => name !== realm);
  return { ...spec, realm, realms: others.map(name => ({ realm: name })), database };
}

function realmOf(args: Arguments, { defaultRealm }: DurableDatabase): string {
  return args.value('realm') ?? defaultRealm;
}
