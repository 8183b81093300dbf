import { formatPrincipal } from '../messages/principal.ts';
import { type Arguments, type Command, during, UsageError } from './command.ts';
import { databaseOptions, entryIn, onlyOperand, withDatabase } from './kdc-database.ts';
import { policyOptions, principalPolicyChange } from './kdc-policy-options.ts';
import { printable } from './sentences.ts';
import type { Io } from './terminal.ts';

const name = 'krb5kit kdc modify';

/** kdc modify: changes the policy of a principal. */
export const kdcModify: Command = {
  name,
  summary: 'Change the policy of a principal.',
  operands: 'PRINCIPAL',
  usageStatus: 2,
  options: [...databaseOptions, ...policyOptions],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const text = onlyOperand(args, name);
  const change = principalPolicyChange(args, name);
  if (Object.keys(change).length === 0) throw new UsageError(`${name}: say what to --set or --unset`);
  return withDatabase(args, io, name, async database => {
    const { principal } = entryIn(database, text);
    const full = printable(formatPrincipal(principal));
    await during(`changing ${full}`, () => database.update(principal, change));
    io.out(`Changed ${full}\n`);
  });
}
