import { isConfigEntry } from '../../ccache/config-entries.ts';
import { textToBytes } from '../../codec/text.ts';
import { type Credential, isExpired, startOf } from '../../messages/credential.ts';
import { formatPrincipal, type Principal, samePrincipal, toPrincipal } from '../../messages/principal.ts';
import type { Ticket } from '../../messages/ticket.ts';
import { describeAddress } from '../addresses.ts';
import type { decodeTicket } from '../decode-ticket.ts';
import { etypeText } from '../etype-text.ts';
import type { Listing, TimeColumn } from '../listing.ts';
import { flagLetters } from '../ticket-flags.ts';
import { namesServer } from './ticket.ts';

/** How tickets are listed. */
export interface TicketListing extends Listing {
  /** The line on a ticket's authentication indicators; empty if none are visible. */
  readonly indicators?: ((credential: Credential) => string) | undefined;
}

/** How the tickets of a cache are listed. */
export interface CacheListing extends TicketListing {
  readonly times: TimeColumn;
  /** The principal of the cache. */
  readonly owner: Principal;
}

/** Loaded with the first ticket that has to be decoded; most listings have none. */
let decode: typeof decodeTicket | undefined;

/** klist's text about one credential of a cache; seldom a promise, as there may be ten thousand credentials. */
export function describeCredential(credential: Credential, listing: CacheListing): string | Promise<string> {
  const { server, ticket } = credential;
  if (!listing.has('e') && namesServer(ticket, server)) return describe(credential, undefined, listing);
  if (decode !== undefined) return describe(credential, decode(ticket), listing);
  return import('../decode-ticket.ts').then(({ decodeTicket }) => {
    decode = decodeTicket;
    return describe(credential, decode(ticket), listing);
  });
}

function describe(
  credential: Credential,
  ticket: Ticket | undefined,
  listing: CacheListing,
): string | Promise<string> {
  const head = isConfigEntry(credential) ? configLine(credential, listing) : ticketLine(credential, listing);
  const upper = head + detailLines(credential, ticket, listing);
  const server = ticket && toPrincipal(ticket.sname, ticket.realm);
  const other = server && !samePrincipal(server, credential.server);
  const otherServer = other ? `\tTicket server: ${listing.text(formatPrincipal(server))}\n` : '';
  const lower = otherServer + (listing.indicators?.(credential) ?? '');
  if (!listing.has('a')) return upper + lower;
  return addressesText(credential, listing).then(text => `${upper}\tAddresses: ${text}\n${lower}`);
}

function detailLines(credential: Credential, ticket: Ticket | undefined, listing: CacheListing): string {
  const { owner, times, text, has } = listing;
  // Fields may be decoded on access, so only those that are shown are read.
  const { client, renewTill } = credential;
  const renewal = renewTill ? `renew until ${times.cell(renewTill)}` : '';
  // Most tickets have nothing else to show.
  if (client === owner && !has('f') && !has('e') && !has('d')) return renewal && `\t${renewal}\n`;
  const letters = has('f') ? flagLetters(credential.flags) : '';
  const first: string[] = [];
  if (!samePrincipal(client, owner)) first.push(`for client ${text(formatPrincipal(client))}`);
  if (renewTill) first.push(renewal);
  if (letters !== '') first.push(`Flags: ${letters}`);
  const second: string[] = [];
  if (has('e') && ticket) {
    const { keytype } = credential.key;
    second.push(`Etype (skey, tkt): ${etypeText(keytype)}, ${etypeText(ticket.encPart.etype)} `);
  }
  if (has('d'))
    second.push(`AD types: ${credential.authorizationData.map(({ adType }) => adType).join(', ')}`);
  // The renewal time is so long that only one more item fits beside it; without it, three items fit on a line.
  const full = first.length + (renewTill ? 1 : 0) > 2;
  if (full || second.length === 0) return detailLine(first) + detailLine(second);
  return detailLine([...first, ...second]);
}

function detailLine(items: readonly string[]): string {
  return items.length > 0 ? `\t${items.join(', ')}\n` : '';
}

function ticketLine(credential: Credential, listing: CacheListing): string {
  const { times, now } = listing;
  const server = listing.text(formatPrincipal(credential.server));
  const line = `${times.cell(startOf(credential))}  ${times.cell(credential.endtime)}  ${server}`;
  return `${isExpired(credential, now) ? listing.expired(line) : line}\n`;
}

const FIRST_COLUMN = 8;
const LAST_COLUMN = 72;

/** `config: key(principal) = value`, the value in lines that begin under the key. */
function configLine({ server, ticket }: Credential, listing: Listing): string {
  // The value may be any bytes, but a key ends at the first NUL, as in programs that store it as a C string.
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
