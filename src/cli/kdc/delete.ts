import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { lineOfJson } from '../json.ts';
import type { Io } from '../terminal.ts';
import { databaseOptions, principalIn, withDatabase } from './database.ts';

const name = 'krb5kit kdc delete';

/** kdc delete: removes principals. */
export const kdcDelete: Command = {
  name,
  summary: 'Remove principals.',
  operands: 'PRINCIPAL...',
  usageStatus: 2,
  options: [...databaseOptions, jsonOutput],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length === 0) throw new UsageError(`${name}: name the principals`);
  return withDatabase(args, io, name, database => {
    const principals = args.operands.map(text => principalIn(database, text));
    const own = principals.find(
      ({ components, realm }) => components[0] === 'krbtgt' && components[1] === realm,
    );
    if (own !== undefined)
      throw new UsageError(
        `${name}: ${formatPrincipal(own)} has the key of the realm, which is nothing without it`,
      );
    database.change(() => {
      for (const principal of principals) {
        if (database.remove(principal)) continue;
        throw new KerberosError('PRINCIPAL_UNKNOWN', `${formatPrincipal(principal)} is not in the database`);
      }
    });
    const deleted = principals.map(principal => formatPrincipal(principal));
    if (args.has('json')) io.out(lineOfJson({ deleted }));
    else io.out(deleted.map(principal => `${printable(`Deleted ${principal}`)}\n`).join(''));
  });
}
