import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { lineOfJson } from '../json.ts';
import type { Io } from '../terminal.ts';
import { databaseOptions, withDatabase } from './database.ts';
import { policyOptions, realmPolicyChange } from './policy-options.ts';
import { checkRealm } from './realm.ts';
import { policyLines } from './show.ts';

const name = 'krb5kit kdc policy';

/** kdc policy: shows or changes the policy of a realm. */
export const kdcPolicy: Command = {
  name,
  summary: 'Show or change the policy of a realm, or add a realm.',
  operands: '[REALM]',
  usageStatus: 2,
  printsResult: true,
  options: [
    ...databaseOptions,
    ...policyOptions,
    { flags: '--new', text: 'Add this realm to the database, and serve it from now on.' },
    jsonOutput,
  ],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const [text, ...rest] = args.operands;
  if (rest.length > 0) throw new UsageError(`${name}: name one realm`);
  const change = realmPolicyChange(args, name);
  return withDatabase(args, io, name, database => {
    const realm = text ?? database.defaultRealm;
    if (args.has('new')) checkRealm(realm, name);
    else if (database.realm(realm) === undefined) {
      throw new KerberosError('REALM_UNKNOWN', `The realm ${realm} is not in the database`);
    }
    if (args.has('new') || Object.keys(change).length > 0) database.addRealm(realm, change);
    const policy = database.realm(realm)!;
    if (args.has('json')) io.out(lineOfJson({ realm, policy }));
    else io.out([`Realm: ${realm}`, ...policyLines(policy)].map(line => `${printable(line)}\n`).join(''));
  });
}
