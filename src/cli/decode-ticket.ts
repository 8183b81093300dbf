import { KerberosError } from '../errors.ts';
import { Ticket } from '../messages/ticket.ts';

/** The decoded ticket; undefined if the bytes are none, for example the value of a configuration entry. */
export function decodeTicket(bytes: Uint8Array): Ticket | undefined {
  try {
    return Ticket.decode(bytes);
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}
