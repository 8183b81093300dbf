import { delegation } from './delegation.ts';
import { names } from './names.ts';
import { pac } from './pac.ts';
import { passwords } from './passwords.ts';
import { preauth } from './preauth.ts';
import { refusals } from './refusals.ts';
import type { Row } from './row.ts';
import { tickets } from './tickets.ts';
import { times } from './times.ts';
import { transports } from './transports.ts';

/** The rows, in the order of the table. */
export const rows: readonly Row[] = [
  ...preauth,
  ...tickets,
  ...delegation,
  ...times,
  ...names,
  ...transports,
  ...passwords,
  ...pac,
  ...refusals,
];
