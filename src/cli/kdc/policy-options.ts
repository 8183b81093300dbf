import { KerberosError } from '../../errors.ts';
import type { PrincipalDatabase } from '../../kdc/database.ts';
import type { PrincipalPolicy, RealmPolicy } from '../../kdc/policy.ts';
import { type Arguments, type OptionRow, UsageError } from '../command.ts';
import { PRINCIPAL_MEMBERS, REALM_MEMBERS, readPrincipalPolicy, readRealmPolicy } from './file.ts';

/** The options that change a policy. */
export const policyOptions: readonly OptionRow[] = [
  { flags: '-s, --set <member=value>', text: 'Set a member of the policy; may be repeated.' },
  { flags: '-u, --unset <member>', text: 'Remove a member of the policy; may be repeated.' },
];

/** The changes of a principal's policy from `--set` and `--unset`; removed members are undefined. Throws UsageError. */
export function principalPolicyChange(args: Arguments, program: string): Partial<PrincipalPolicy> {
  return changeOf(args, program, { read: readPrincipalPolicy, known: PRINCIPAL_MEMBERS });
}

/** The same for a realm's policy. */
export function realmPolicyChange(args: Arguments, program: string): Partial<RealmPolicy> {
  return changeOf(args, program, { read: readRealmPolicy, known: REALM_MEMBERS });
}

/** Throws KerberosError CONFIG_VALUE for a password policy that the realm does not have: it would demand nothing. */
export function checkPolicyName(
  { policy }: Partial<PrincipalPolicy>,
  realm: string,
  database: PrincipalDatabase,
): void {
  const { policies = {} } = database.realm(realm) ?? {};
  if (policy === undefined || Object.hasOwn(policies, policy)) return;
  throw new KerberosError('CONFIG_VALUE', `The realm ${realm} has no policy "${policy}"`);
}

interface Members<T> {
  readonly read: (members: unknown, path: string) => T;
  readonly known: readonly string[];
}

function changeOf<T extends object>(args: Arguments, program: string, { read, known }: Members<T>): T {
  const set = Object.fromEntries(args.values('set').map(text => memberOf(text, program)));
  const removed = args.values('unset');
  const unknown = removed.find(name => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`${program}: the policy has no member "${unknown}"`);
  const unset = Object.fromEntries(removed.map(name => [name, undefined]));
  return { ...reading(set, program, read), ...unset } as T;
}

function reading<T>(set: unknown, program: string, read: (members: unknown, path: string) => T): T {
  try {
    return read(set, 'the policy');
  } catch (error) {
    if (!(error instanceof Error) || error instanceof KerberosError) throw error;
    throw new UsageError(`${program}: ${error.message}`);
  }
}

function memberOf(text: string, program: string): readonly [string, unknown] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError(`${program}: write a change as MEMBER=VALUE`);
  return [text.slice(0, equals), jsonOrText(text.slice(equals + 1))];
}

/** `true`, a number, a list or an object as JSON, anything else as text. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
