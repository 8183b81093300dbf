import { printable } from '../../codec/text.ts';
import { during } from '../../local/activity.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import type { Io } from '../terminal.ts';
import { databaseOptions, entryIn, onlyOperand, withDatabase } from './database.ts';
import { entryLine } from './entry-json.ts';
import { checkPolicyName, policyOptions, principalPolicyChange } from './policy-options.ts';

const name = 'krb5kit kdc modify';

/** kdc modify: changes the policy of a principal. */
export const kdcModify: Command = {
  name,
  summary: 'Change the policy of a principal.',
  operands: 'PRINCIPAL',
  usageStatus: 2,
  options: [
    ...databaseOptions,
    ...policyOptions,
    { flags: '--unlock', text: 'Forget its failed logins, which may have locked it.' },
    jsonOutput,
  ],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const text = onlyOperand(args, name);
  const change = principalPolicyChange(args, name);
  const hasChange = Object.keys(change).length > 0;
  if (!hasChange && !args.has('unlock')) throw new UsageError(`${name}: say what to --set or --unset`);
  return withDatabase(args, io, name, async database => {
    const { principal } = entryIn(database, text);
    const full = printable(formatPrincipal(principal));
    await during(`changing ${full}`, () =>
      database.change(() => {
        checkPolicyName(change, principal.realm, database);
        if (hasChange) database.update(principal, change);
        if (args.has('unlock')) database.failures.keep(principal, undefined);
      }),
    );
    if (args.has('json')) io.out(entryLine(database, principal));
    else io.out(`Changed ${full}\n`);
  });
}
