import { KerberosError } from '../../errors.ts';
import type { PrincipalPolicy, RealmPolicy } from '../../kdc/policy.ts';
import { type Arguments, type OptionRow, UsageError } from '../command.ts';
import { readPrincipalPolicy, readRealmPolicy } from './file.ts';

/** The options that change a policy. */
export const policyOptions: readonly OptionRow[] = [
  { flags: '-s, --set <member=value>', text: 'Set a member of the policy; may be repeated.' },
  { flags: '-u, --unset <member>', text: 'Remove a member of the policy; may be repeated.' },
];

/** The changes of a principal's policy from `--set` and `--unset`; removed members are undefined. Throws UsageError. */
export function principalPolicyChange(args: Arguments, program: string): Partial<PrincipalPolicy> {
  return changeOf(args, program, readPrincipalPolicy);
}

/** The same for a realm's policy. */
export function realmPolicyChange(args: Arguments, program: string): Partial<RealmPolicy> {
  return changeOf(args, program, readRealmPolicy);
}

function changeOf<T extends object>(
  args: Arguments,
  program: string,
  read: (members: unknown, path: string) => T,
): T {
  const set = Object.fromEntries(args.values('set').map(text => memberOf(text, program)));
  const unset = Object.fromEntries(args.values('unset').map(name => [name, undefined]));
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
