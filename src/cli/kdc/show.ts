import { printable } from '../../codec/text.ts';
import { enctypeName } from '../../crypto/enctype-names.ts';
import type { PrincipalEntry } from '../../kdc/database.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput } from '../command.ts';
import { lineOfJson } from '../json.ts';
import type { Io } from '../terminal.ts';
import { databaseOptions, entryIn, onlyOperand, withDatabase } from './database.ts';
import { entryJson, withoutSecrets } from './entry-json.ts';

const name = 'krb5kit kdc show';

/** kdc show: what there is to know of a principal, but for its keys. */
export const kdcShow: Command = {
  name,
  summary: 'Show the policy of a principal and which keys it has, but not the keys.',
  operands: 'PRINCIPAL',
  usageStatus: 2,
  printsResult: true,
  options: [...databaseOptions, jsonOutput],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const text = onlyOperand(args, name);
  return withDatabase(args, io, name, database => {
    const entry = entryIn(database, text);
    io.out(args.has('json') ? lineOfJson(entryJson(entry)) : entryText(entry));
  });
}

function entryText({ principal, policy, keys }: PrincipalEntry): string {
  const versions = keys.map(({ kvno, etypes }) => `Keys of version ${kvno}: ${namesOf(etypes).join(', ')}`);
  const { sessionEnctypes } = policy;
  // As --set takes it.
  const shown = { ...withoutSecrets(policy), sessionEnctypes: sessionEnctypes && namesOf(sessionEnctypes) };
  const lines = [`Principal: ${formatPrincipal(principal)}`, ...versions, ...policyLines(shown)];
  return lines.map(line => `${printable(line)}\n`).join('');
}

function namesOf(etypes: readonly number[]): readonly (string | number)[] {
  return etypes.map(etype => enctypeName(etype) ?? etype);
}

/** The members of a policy by name, one per line. */
export function policyLines(policy: object): readonly string[] {
  const given = Object.entries(policy).filter(([, value]) => value !== undefined);
  return given.map(([member, value]) => `${member}: ${valueText(value)}`);
}

function valueText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
