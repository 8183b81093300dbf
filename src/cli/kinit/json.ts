import { type Ccache, ccacheName } from '../../ccache/ccache.ts';
import type { Credential } from '../../messages/credential.ts';
import { lineOfJson } from '../json.ts';
import type { Io } from '../terminal.ts';
import { ticketJson } from '../ticket-json.ts';

/** Prints in JSON what kinit has got, the tickets for services that were wanted with it, and the cache that they are in. */
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
