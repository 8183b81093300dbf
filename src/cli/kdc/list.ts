import { globMatcher } from '../../ccache/glob.ts';
import { printable } from '../../codec/text.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { lineOfJson } from '../json.ts';
import type { Io } from '../terminal.ts';
import { databaseOptions, withDatabase } from './database.ts';
import { entryJson } from './entry-json.ts';

const name = 'krb5kit kdc list';

/** kdc list: the principals of a database. */
export const kdcList: Command = {
  name,
  summary: 'List the principals.',
  operands: '[PATTERN]',
  usageStatus: 2,
  printsResult: true,
  options: [...databaseOptions, jsonOutput],
  run,
};

function run(args: Arguments, io: Io): Promise<number> {
  const [pattern = '*', ...rest] = args.operands;
  if (rest.length > 0) throw new UsageError(`${name}: one pattern is enough`);
  return withDatabase(args, io, name, database => {
    const fits = globMatcher(pattern.includes('@') ? pattern : `${pattern}@*`);
    const found = [...database.principals()].filter(({ principal }) => fits(formatPrincipal(principal)));
    if (args.has('json')) io.out(lineOfJson({ principals: found.map(entryJson) }));
    else io.out(found.map(({ principal }) => `${printable(formatPrincipal(principal))}\n`).join(''));
  });
}
