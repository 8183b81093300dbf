import { enctypeName } from '../../crypto/enctype-names.ts';
import type { PrincipalEntry } from '../../kdc/database.ts';
import { saltOf } from '../../kdc/key-version.ts';
import type { PrincipalPolicy } from '../../kdc/policy.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput } from '../command.ts';
import { enctypeJson, lineOfJson } from '../json.ts';
import { printable } from '../sentences.ts';
import type { Io } from '../terminal.ts';
import { databaseOptions, entryIn, onlyOperand, withDatabase } from './database.ts';

const name = 'krb5kit kdc show';

/** kdc show: what there is to know of a principal, but for its keys. */
export const kdcShow: Command = {
  name,
  summary: 'Show a principal: its policy and what keys it has, but not the keys.',
  operands: 'PRINCIPAL',
  usageStatus: 2,
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

/** A principal in JSON, without secrets. */
export function entryJson({ principal, policy, keys }: PrincipalEntry): object {
  return {
    principal: formatPrincipal(principal),
    keys: keys.map(({ kvno, etypes, origin }) => ({
      kvno,
      enctypes: etypes.map(etype => ({
        ...enctypeJson(etype),
        ...(origin && { salt: saltOf(etype, origin) }),
      })),
    })),
    policy: policyJson(policy),
  };
}

function policyJson(policy: PrincipalPolicy): object {
  const { sessionEnctypes } = policy;
  return {
    ...withoutSecrets(policy),
    ...(sessionEnctypes && { sessionEnctypes: sessionEnctypes.map(enctypeJson) }),
  };
}

function entryText({ principal, policy, keys }: PrincipalEntry): string {
  const versions = keys.map(({ kvno, etypes }) => {
    const names = etypes.map(etype => enctypeName(etype) ?? etype);
    return `Keys of version ${kvno}: ${names.join(', ')}`;
  });
  const lines = [
    `Principal: ${formatPrincipal(principal)}`,
    ...versions,
    ...policyLines(withoutSecrets(policy)),
  ];
  return lines.map(line => `${printable(line)}\n`).join('');
}

/** A policy's members by their names, one to a line. */
export function policyLines(policy: object): readonly string[] {
  const given = Object.entries(policy).filter(([, value]) => value !== undefined);
  return given.map(([member, value]) => `${member}: ${valueText(value)}`);
}

function valueText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** That there is a token may be known. */
function withoutSecrets({ otp, ...policy }: PrincipalPolicy): object {
  if (otp === undefined) return policy;
  const { secret, ...others } = otp;
  return { ...policy, otp: others };
}
