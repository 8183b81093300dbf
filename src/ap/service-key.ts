import { decrypt, type Key } from '../crypto/key.ts';
import { IntegrityError } from '../errors.ts';
import { keysOf } from '../keytab/find.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import {
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_BADKEYVER,
  KRB_AP_ERR_NOKEY,
  KRB_AP_ERR_NOT_US,
} from '../messages/error-codes.ts';
import { KU_TICKET } from '../messages/numbers.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { readyKey } from '../messages/ready-key.ts';
import { EncTicketPart } from '../messages/ticket.ts';
import type { EncryptedData } from '../messages/types.ts';
import { ApError } from './ap-error.ts';
import type { OpenedTickets } from './opened-tickets.ts';

/** The keys that a service opens tickets with. */
export interface ServiceKeys {
  readonly keytab: readonly KeytabEntry[];
  readonly openedTickets?: OpenedTickets | undefined;
}

/** Opens a ticket's sealed part with a key of its service. Throws ApError NOT_US, BADKEYVER, NOKEY or BAD_INTEGRITY. */
export function openTicket(
  encPart: EncryptedData,
  server: Principal,
  { keytab, openedTickets }: ServiceKeys,
): EncTicketPart {
  for (const entry of candidates(encPart, server, keytab)) {
    const known = openedTickets?.find(encPart.cipher, entry);
    if (known !== undefined) return known;
    const part = tryKey(encPart, readyKey(entry.key));
    if (part === undefined) continue;
    openedTickets?.keep(encPart.cipher, entry, part);
    return part;
  }
  throw new ApError(KRB_AP_ERR_BAD_INTEGRITY, `the keytab's key for ${formatPrincipal(server)} is another`);
}

/** Opens a ticket's sealed part with the session key of user-to-user authentication (RFC 4120 §3.7). */
export function openUserTicket(encPart: EncryptedData, key: Key | undefined): EncTicketPart {
  if (key?.etype !== encPart.etype) throw new ApError(KRB_AP_ERR_NOKEY, 'no session key for user-to-user');
  const part = tryKey(encPart, key);
  if (part === undefined) throw new ApError(KRB_AP_ERR_BAD_INTEGRITY);
  return part;
}

/** The entries to try; each criterion that leaves none has its own error. */
function candidates(
  { kvno = 0, etype }: EncryptedData,
  server: Principal,
  keytab: readonly KeytabEntry[],
): readonly KeytabEntry[] {
  const own = keysOf(keytab, server);
  if (own.length === 0) throw new ApError(KRB_AP_ERR_NOT_US, `no key for ${formatPrincipal(server)}`);
  // Old keytabs kept only the low 8 bits; a ticket need not state the version.
  const current = own.filter(entry => kvno === 0 || entry.kvno === kvno || entry.kvno === (kvno & 0xff));
  if (current.length === 0) {
    throw new ApError(KRB_AP_ERR_BADKEYVER, `no key of version ${kvno} for ${formatPrincipal(server)}`);
  }
  const fitting = current.filter(({ key }) => key.keytype === etype);
  if (fitting.length === 0) {
    throw new ApError(KRB_AP_ERR_NOKEY, `no key of enctype ${etype} for ${formatPrincipal(server)}`);
  }
  return fitting;
}

function tryKey({ cipher }: EncryptedData, key: Key): EncTicketPart | undefined {
  let plain: Uint8Array;
  try {
    plain = decrypt(key, KU_TICKET, cipher);
  } catch (error) {
    if (error instanceof IntegrityError) return undefined;
    throw error;
  }
  return EncTicketPart.decode(plain);
}
