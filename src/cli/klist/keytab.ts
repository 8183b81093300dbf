import { bytesToHex } from '../../codec/text.ts';
import type { Keytab, KeytabEntry } from '../../keytab/keytab.ts';
import { ActivityError, during } from '../../local/activity.ts';
import { clientKeytab, defaultKeytab, namedKeytab } from '../../local/keytabs.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { etypeText } from '../etype-text.ts';
import { type Listing, type TimeColumn, timeColumn } from '../listing.ts';
import type { Session } from '../session.ts';

/** The column in which the dashes under the heading end. */
const LINE_WIDTH = 79;

/** Lists the keys of a keytab. */
export async function showKeytab(
  name: string | undefined,
  session: Session,
  listing: Listing,
): Promise<void> {
  const { io } = listing;
  const keytab = chosenKeytab(name, session, { client: listing.has('i') });
  io.out(`Keytab name: ${keytab.name}\n`);
  const entries = await during('starting keytab scan', () => keytab.entries());
  const times = listing.has('t') ? timeColumn(listing) : undefined;
  io.out(heading(times));
  for (const entry of entries) io.out(describeEntry(entry, times, listing));
}

/** The named keytab, or the default one of services or of clients. */
export function chosenKeytab(
  name: string | undefined,
  session: Session,
  { client }: { readonly client: boolean },
): Keytab {
  if (name !== undefined) return namedKeytab(name);
  try {
    return client ? clientKeytab(session) : defaultKeytab(session);
  } catch (error) {
    if (!(error instanceof ActivityError)) throw error;
    throw new ActivityError(`getting default ${client ? 'client ' : ''}keytab`, error.cause);
  }
}

function heading(times: TimeColumn | undefined): string {
  const time = times === undefined ? '' : `${'Timestamp'.padEnd(times.width)} `;
  const underTime = times === undefined ? '' : `${'-'.repeat(times.width)} `;
  const dashes = '-'.repeat(LINE_WIDTH - 'KVNO '.length - time.length);
  return `KVNO ${time}Principal\n---- ${underTime}${dashes}\n`;
}

function describeEntry(
  { principal, timestamp, kvno, key }: KeytabEntry,
  times: TimeColumn | undefined,
  listing: Listing,
): string {
  const time = times === undefined ? '' : `${times.cell(timestamp)} `;
  const etype = listing.has('e') ? ` (${etypeText(key.keytype)}) ` : '';
  const hex = listing.has('K') ? ` (0x${bytesToHex(key.keyvalue)})` : '';
  return `${String(kvno).padStart(4)} ${time}${listing.text(formatPrincipal(principal))}${etype}${hex}\n`;
}
