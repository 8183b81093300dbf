import { isConfigEntry } from '../ccache/config-entries.ts';
import { textToBytes } from '../codec/text.ts';
import { KerberosError } from '../errors.ts';
import { type Credential, isExpired, startOf } from '../messages/credential.ts';
import { formatPrincipal, samePrincipal, toPrincipal } from '../messages/principal.ts';
import { Ticket } from '../messages/ticket.ts';
import { describeAddress } from './addresses.ts';
import { etypeText } from './etype-text.ts';
import type { Listing, TimeColumn } from './listing.ts';
import { flagLetters } from './ticket-flags.ts';

/** All that klist writes about one credential of a cache; `owner` is the cache's principal in text form. */
export async function describeCredential(
  credential: Credential,
  owner: string,
  listing: Listing & { readonly times: TimeColumn },
): Promise<string> {
  const { times, text } = listing;
  const ticket = decodeTicket(credential.ticket);
  const client = formatPrincipal(credential.client);
  const letters = listing.has('f') ? flagLetters(credential.flags) : '';

  const first: string[] = [];
  if (client !== owner) first.push(`for client ${text(client)}`);
  if (credential.renewTill) first.push(`renew until ${times.cell(credential.renewTill)}`);
  if (letters !== '') first.push(`Flags: ${letters}`);
  const second: string[] = [];
  if (listing.has('e') && ticket) {
    second.push(
      `Etype (skey, tkt): ${etypeText(credential.key.keytype)}, ${etypeText(ticket.encPart.etype)} `,
    );
  }
  if (listing.has('d')) {
    second.push(`AD types: ${credential.authorizationData.map(({ adType }) => adType).join(', ')}`);
  }
  // The time is so long that a line holds one more item beside it, and three without it.
  const full = first.length + (credential.renewTill ? 1 : 0) > 2;
  const rows = full ? [first, second] : [[...first, ...second]];

  let lines = isConfigEntry(credential) ? configLine(credential, listing) : ticketLine(credential, listing);
  for (const row of rows) if (row.length > 0) lines += `\t${row.join(', ')}\n`;
  if (listing.has('a')) lines += `\tAddresses: ${await addressesText(credential, listing)}\n`;
  const server = ticket && toPrincipal(ticket.sname, ticket.realm);
  if (server && !samePrincipal(server, credential.server)) {
    lines += `\tTicket server: ${text(formatPrincipal(server))}\n`;
  }
  return lines;
}

function ticketLine(credential: Credential, listing: Listing & { readonly times: TimeColumn }): string {
  const { times, now } = listing;
  const server = listing.text(formatPrincipal(credential.server));
  const line = `${times.cell(startOf(credential))}  ${times.cell(credential.endtime)}  ${server}`;
  return `${isExpired(credential, now) ? listing.expired(line) : line}\n`;
}

const FIRST_COLUMN = 8;
const LAST_COLUMN = 72;

/** `config: key(principal) = value`, the value in lines that begin under the key. */
function configLine({ server, ticket }: Credential, listing: Listing): string {
  // The value may be any bytes, but a key ends at the first NUL, as it does for those who keep it as a C string.
  const [, key = '', ...about] = server.components.map(component => component.split('\0', 1)[0]);
  const head = listing.text(`config: ${key}${about.map(principal => `(${principal})`).join('')} = `);
  let line = head;
  let column = textToBytes(head).length;
  for (const byte of ticket) {
    const shown =
      byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
    const indent = Math.max(FIRST_COLUMN - column, 0);
    line += ' '.repeat(indent) + shown;
    column += indent + shown.length;
    if (column > LAST_COLUMN) {
      line += '\n';
      column = 0;
    }
  }
  return column > 0 ? `${line}\n` : line;
}

async function addressesText({ addresses }: Credential, listing: Listing): Promise<string> {
  if (addresses.length === 0) return '(none)';
  const texts: string[] = [];
  for (const address of addresses) {
    texts.push(listing.text(await describeAddress(address, { resolve: !listing.has('n') })));
  }
  return texts.join(', ');
}

/** Undefined for what is no ticket, such as the value of a configuration entry. */
function decodeTicket(bytes: Uint8Array): Ticket | undefined {
  try {
    return Ticket.decode(bytes);
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}
