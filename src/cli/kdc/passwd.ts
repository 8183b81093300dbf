import { printable } from '../../codec/text.ts';
import type { KeySource } from '../../kdc/new-keys.ts';
import { versionsKept } from '../../kdc/password-quality.ts';
import { namedPolicy } from '../../kdc/policy.ts';
import { during } from '../../local/activity.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput } from '../command.ts';
import type { Io } from '../terminal.ts';
import { databaseOptions, enctypesOption, entryIn, onlyOperand, withDatabase } from './database.ts';
import { entryLine } from './entry-json.ts';
import { askNewPassword, checkPassword, passwordDates } from './new-password.ts';

const name = 'krb5kit kdc passwd';

/** kdc passwd: gives a principal new keys, by a password or random ones. */
export const kdcPasswd: Command = {
  name,
  summary: 'Give a principal a new password, or new random keys.',
  operands: 'PRINCIPAL',
  usageStatus: 2,
  options: [
    ...databaseOptions,
    { flags: '-r, --random', text: 'Make random keys instead of asking for a password.' },
    { flags: '-k, --keep-old', text: 'Keep the previous keys, for tickets that were issued with them.' },
    enctypesOption,
    jsonOutput,
  ],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const text = onlyOperand(args, name);
  return withDatabase(args, io, name, async database => {
    const entry = entryIn(database, text);
    const { principal, policy } = entry;
    const full = printable(formatPrincipal(principal));
    const random = args.has('random');
    const source: KeySource = random ? { random } : { password: await askNewPassword(principal, io) };
    const kvno = await during(`changing the password of ${full}`, async () => {
      if ('password' in source) await checkPassword(source.password, entry, database);
      const keep = args.has('keepOld')
        ? undefined
        : versionsKept(namedPolicy(database.realm(principal.realm), policy));
      const dates = random ? {} : passwordDates(policy, principal.realm, database, io.now());
      return database.change(() => {
        database.failures.keep(principal, undefined);
        return database.addKeys(principal, source, { keep, policy: dates }).keys[0]!.kvno;
      });
    });
    if (args.has('json')) io.out(entryLine(database, principal));
    else io.out(`Changed the password of ${full}; its keys have version ${kvno}\n`);
  });
}
