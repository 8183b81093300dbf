import type { Keychain } from '../../ccache/ccache.ts';
import { KerberosError } from '../../errors.ts';
import type { PrincipalEntry } from '../../kdc/database.ts';
import type { OpenDatabaseOptions } from '../../kdc/store/open.ts';
import type { DurableDatabase } from '../../kdc/store.ts';
import { during } from '../../local/activity.ts';
import { dataDirectory } from '../../local/directories.ts';
import { formatPrincipal, type Principal, parsePrincipal } from '../../messages/principal.ts';
import { type Arguments, type OptionRow, UsageError } from '../command.ts';
import type { Io } from '../terminal.ts';
import { enctypesOf } from './readers.ts';

const stashOption: OptionRow = {
  flags: '--stash <file>',
  text: 'The stash file that contains the master key.',
};

/** The options of every command that works on a database. */
export const databaseOptions: readonly OptionRow[] = [
  { flags: '-d, --database <file>', text: 'Use this database instead of the one in KRB5KIT_KDC_DATABASE.' },
  stashOption,
];

/** The same for commands that serve a database, and only if the command line names one. */
export const servedOptions: readonly OptionRow[] = [
  {
    flags: '-d, --database <file>',
    text: 'Serve the realms in this database, instead of one that is only kept in memory.',
  },
  stashOption,
];

export const enctypesOption: OptionRow = {
  flags: '-e, --enctypes <list>',
  text: 'Make keys of these encryption types, the preferred one first.',
};

/** The file of the database. Throws UsageError where nobody names one. */
export function databaseFile(args: Arguments, io: Io, program: string): string {
  const file = args.value('database') ?? io.env.KRB5KIT_KDC_DATABASE;
  if (file) return file;
  throw new UsageError(`${program}: name the database by --database or KRB5KIT_KDC_DATABASE`);
}

/** How the master key is found, and for which enctypes new principals get keys. Throws UsageError. */
export function openingOptions(args: Arguments, io: Io, program: string): OpenDatabaseOptions {
  const enctypes = args.value('enctypes');
  return {
    stash: args.value('stash'),
    enctypes: enctypes === undefined ? undefined : enctypesOf(enctypes, program),
    keychain: () => systemKeychain(io),
  };
}

/** Opens the database that the command line or the environment names. */
export async function openDatabase(args: Arguments, io: Io, program: string): Promise<DurableDatabase> {
  const file = databaseFile(args, io, program);
  const options = openingOptions(args, io, program);
  const { openDurableDatabase } = await import('../../kdc/store/open.ts');
  return during('opening the database', () => openDurableDatabase(file, options));
}

/** Runs `work` on that database and closes it. */
export async function withDatabase(
  args: Arguments,
  io: Io,
  program: string,
  work: (database: DurableDatabase) => void | Promise<void>,
): Promise<number> {
  const database = await openDatabase(args, io, program);
  try {
    await work(database);
    return 0;
  } finally {
    await database.close();
  }
}

/** The one operand of a command. Throws UsageError for none or several. */
export function onlyOperand({ operands }: Arguments, program: string, what = 'principal'): string {
  const [first, ...rest] = operands;
  if (first === undefined || rest.length > 0) throw new UsageError(`${program}: name one ${what}`);
  return first;
}

/** A principal given as text, in the database's own realm unless it states another. */
export function principalIn({ defaultRealm }: DurableDatabase, text: string): Principal {
  return parsePrincipal(text, { defaultRealm });
}

/** The entry of a principal or of one of its aliases. Throws KerberosError PRINCIPAL_UNKNOWN. */
export function entryIn(database: DurableDatabase, text: string): PrincipalEntry {
  const principal = principalIn(database, text);
  const entry = database.find(principal.components, principal.realm);
  if (entry !== undefined) return entry;
  throw new KerberosError('PRINCIPAL_UNKNOWN', `${formatPrincipal(principal)} is not in the database`);
}

/** The keychain of the system; a passphrase is meant for a person's tickets, not for a KDC that starts unattended. */
async function systemKeychain(io: Io): Promise<Keychain> {
  const { keychainWish } = await import('../../local/user/keychain.ts');
  const wish = await keychainWish(io, dataDirectory(io));
  if (io.env.KRB5KIT_KEYCHAIN && (wish === 'none' || wish === 'passphrase')) {
    const reason = `KRB5KIT_KEYCHAIN is ${wish}: keep the master key in a stash file`;
    throw new KerberosError('KEYCHAIN_UNAVAILABLE', `The keychain cannot be used: ${reason}`);
  }
  const { openKeychain } = await import('../../ccache/keychain/open.ts');
  return openKeychain(io.env, { backend: wish === 'passphrase' ? undefined : wish });
}
