import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { KeySource } from '../../kdc/new-keys.ts';
import { during } from '../../local/activity.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput } from '../command.ts';
import type { Io } from '../terminal.ts';
import { databaseOptions, enctypesOption, onlyOperand, principalIn, withDatabase } from './database.ts';
import { entryLine } from './entry-json.ts';
import { askNewPassword, checkPassword, passwordDates } from './new-password.ts';
import { checkPolicyName, policyOptions, principalPolicyChange } from './policy-options.ts';

const name = 'krb5kit kdc add';

/** kdc add: adds a principal, with a password or random keys. */
export const kdcAdd: Command = {
  name,
  summary: 'Add a principal, with a password or random keys.',
  operands: 'PRINCIPAL',
  usageStatus: 2,
  options: [
    ...databaseOptions,
    { flags: '-r, --random', text: 'Make random keys instead of asking for a password.' },
    enctypesOption,
    ...policyOptions,
    jsonOutput,
  ],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const text = onlyOperand(args, name);
  const policy = principalPolicyChange(args, name);
  return withDatabase(args, io, name, async database => {
    const principal = principalIn(database, text);
    if (principal.components.every(component => component === ''))
      throw new KerberosError('PRINCIPAL_MALFORMED', 'A principal needs a name');
    const full = printable(formatPrincipal(principal));
    const refuseKnown = (): void => {
      if (database.own(principal) === undefined) return;
      throw new KerberosError('PRINCIPAL_EXISTS', `${full} is in the database already`);
    };
    if (database.realm(principal.realm) === undefined && principal.components[0] !== 'krbtgt') {
      throw new KerberosError('REALM_UNKNOWN', `The realm ${principal.realm} is not in the database`);
    }
    refuseKnown();
    checkPolicyName(policy, principal.realm, database);
    const random = args.has('random');
    const source: KeySource = random ? { random } : { password: await askNewPassword(principal, io) };
    await during(`adding ${full}`, async () => {
      if ('password' in source)
        await checkPassword(source.password, { principal, keys: [], policy }, database);
      const dates = random ? {} : passwordDates(policy, principal.realm, database, io.now());
      database.change(() => {
        // Somebody else may have added it meanwhile.
        refuseKnown();
        database.add(principal, source, { ...dates, ...policy });
      });
    });
    if (args.has('json')) io.out(entryLine(database, principal));
    else io.out(`Added ${full}\n`);
  });
}
