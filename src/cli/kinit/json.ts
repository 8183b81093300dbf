import { type Ccache, ccacheName } from '../../ccache/ccache.ts';
import type { Credential } from '../../messages/credential.ts';
import { lineOfJson } from '../json.ts';
import type { Io } from '../terminal.ts';
import { ticketJson } from '../ticket-json.ts';

/** Prints in JSON the ticket that kinit obtained, the tickets for services requested with it, and their cache. */
export async function tellTicket(
  cache: Ccache,
  first: Credential,
  others: readonly Credential[],
  io: Io,
): Promise<void> {
  const now = io.now();
  const services = await Promise.all(others.map(ticket => ticketJson(ticket, now)));
  io.out(lineOfJson({ cache: ccacheName(cache), ...(await ticketJson(first, now)), services }));
}
