import { decrypt, type Key } from '../crypto/key.ts';
import { IntegrityError } from '../errors.ts';
import { keysOf } from '../keytab/find.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import type { Credential } from '../messages/credential.ts';
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
import { type AcceptedServer, isAccepted } from './accepted-server.ts';
import { ApError } from './ap-error.ts';
import type { OpenedTickets } from './opened-tickets.ts';

/** The keys that a service opens tickets with. */
export interface ServiceKeys {
  readonly keytab: readonly KeytabEntry[];
  readonly server?: AcceptedServer | readonly AcceptedServer[] | undefined;
  readonly tgt?: Pick<Credential, 'client' | 'key'> | undefined;
  readonly acceptAliases?: boolean | undefined;
  readonly openedTickets?: OpenedTickets | undefined;
}

/** A ticket's sealed part and the service whose key opened it. */
export interface OpenedTicket {
  readonly part: EncTicketPart;
  readonly server: Principal;
}

/**
 * Opens the sealed part of a ticket for `named` with a key of that service and of that version. If aliases are accepted,
 * the version does not matter, and a name that has no keys or is not accepted may have those of one that is. Throws
 * ApError NOT_US, BADKEYVER, NOKEY or BAD_INTEGRITY.
 */
export function openTicket(encPart: EncryptedData, named: Principal, keys: ServiceKeys): OpenedTicket {
  const { keytab, server: wanted, acceptAliases = false, openedTickets } = keys;
  const accepted = isAccepted(named, wanted);
  const own = accepted ? keysOf(keytab, named) : [];
  const current = own.filter(entry => isOfVersion(entry, encPart));
  const fitting = acceptAliases ? [...new Set([...current, ...own])] : current;
  const usable = own.length > 0 ? fitting : aliasKeys(named, keys);
  for (const entry of usable.filter(({ key }) => key.keytype === encPart.etype)) {
    const known = openedTickets?.find(encPart.cipher, entry);
    const server = own.length > 0 ? named : entry.principal;
    if (known !== undefined) return { part: known, server };
    const part = tryKey(encPart, readyKey(entry.key));
    if (part === undefined) continue;
    openedTickets?.keep(encPart.cipher, entry, part);
    return { part, server };
  }
  if (own.length > 0) throw noneFits(encPart, named, own);
  const name = formatPrincipal(named);
  throw new ApError(KRB_AP_ERR_NOT_US, accepted ? `no key for ${name}` : `the ticket is for ${name}`);
}

/**
 * Opens a ticket's sealed part with the session key of user-to-user authentication (RFC 4120 §3.7): the service is the
 * client of that ticket-granting ticket.
 */
export function openUserTicket(
  encPart: EncryptedData,
  named: Principal,
  { tgt, server: wanted }: ServiceKeys,
): OpenedTicket {
  const server = tgt?.client ?? named;
  if (!isAccepted(server, wanted)) {
    throw new ApError(KRB_AP_ERR_NOT_US, `the ticket is for ${formatPrincipal(server)}`);
  }
  const key = tgt && readyKey(tgt.key);
  if (key?.etype !== encPart.etype) throw new ApError(KRB_AP_ERR_NOKEY, 'no session key for user-to-user');
  const part = tryKey(encPart, key);
  if (part === undefined) throw new ApError(KRB_AP_ERR_BAD_INTEGRITY);
  return { part, server };
}

/** The keys to try for a name that has none: nothing authenticates the name on a ticket but the key that opens it. */
function aliasKeys(
  { realm }: Principal,
  { keytab, server: wanted, acceptAliases = false }: ServiceKeys,
): readonly KeytabEntry[] {
  if (!acceptAliases) return [];
  return keytab.filter(({ principal }) => principal.realm === realm && isAccepted(principal, wanted));
}

/** Old keytabs kept only the low 8 bits; a ticket need not state the version. */
function isOfVersion(entry: KeytabEntry, { kvno = 0 }: EncryptedData): boolean {
  return kvno === 0 || entry.kvno === kvno || entry.kvno === (kvno & 0xff);
}

/** Why none of a service's own keys opens a ticket. */
function noneFits(encPart: EncryptedData, server: Principal, own: readonly KeytabEntry[]): ApError {
  const { kvno, etype } = encPart;
  const name = formatPrincipal(server);
  const current = own.filter(entry => isOfVersion(entry, encPart));
  if (current.length === 0) {
    return new ApError(KRB_AP_ERR_BADKEYVER, `no key of version ${kvno} for ${name}`);
  }
  if (!current.some(({ key }) => key.keytype === etype)) {
    return new ApError(KRB_AP_ERR_NOKEY, `no key of enctype ${etype} for ${name}`);
  }
  return new ApError(KRB_AP_ERR_BAD_INTEGRITY, `the keytab's key for ${name} is another`);
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
