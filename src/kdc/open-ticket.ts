import type { Key } from '../crypto/key.ts';
import { IntegrityError } from '../errors.ts';
import {
  KDC_ERR_MUST_USE_USER2USER,
  KDC_ERR_SERVICE_REVOKED,
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_BADKEYVER,
  KRB_AP_ERR_NOKEY,
  KRB_AP_ERR_NOT_US,
  KRB_AP_ERR_TKT_EXPIRED,
  KRB_AP_ERR_TKT_NYV,
} from '../messages/error-codes.ts';
import { INVALID } from '../messages/flags.ts';
import { KU_TICKET } from '../messages/numbers.ts';
import { isTgs } from '../messages/principal.ts';
import { toKey, unseal } from '../messages/seal.ts';
import { EncTicketPart, Ticket } from '../messages/ticket.ts';
import type { PrincipalDatabase, PrincipalEntry } from './database.ts';
import type { Exchange } from './exchange.ts';
import { refuse } from './refusal.ts';

/** A ticket that this KDC can open, and its contents. */
export interface OpenedTicket {
  readonly server: PrincipalEntry;
  /** The key that opened it. */
  readonly key: Key;
  readonly part: EncTicketPart;
  readonly sessionKey: Key;
}

/** What is remembered of a ticket from an earlier request. */
interface Opened {
  readonly bytes: Uint8Array;
  readonly ticket: Ticket;
  /** The key that opened it. */
  readonly key: Key;
  readonly part: EncTicketPart;
  readonly sessionKey: Key;
}

/** An opened session key takes some kilobytes, most of them outside the heap. */
const MAX_OPENED = 1024;
/** The end of a ticket is a checksum, which is practically unique. */
const LABEL_BYTES = 6;
/** A ticket without a key version may have been sealed before the key was changed: so many of the newest are tried. */
const UNNUMBERED_TRIES = 3;

/**
 * Opens tickets with the key of the service they are for (RFC 4120 §3.3.2). A ticket-granting ticket is presented once
 * for each service that its client uses, so the contents of recent ones are kept. There are two tables, which swap
 * roles, and the older one is dropped as a whole.
 */
export class TicketOpener {
  private readonly database: PrincipalDatabase;
  private current = new Map<number, Opened>();
  private previous = new Map<number, Opened>();

  constructor(database: PrincipalDatabase) {
    this.database = database;
  }

  /** Throws `Refusal`; the caller checks whether the ticket is valid at this time. */
  open(bytes: Uint8Array): OpenedTicket {
    const label = labelOf(bytes);
    const known = this.find(label, bytes);
    const ticket = known?.ticket ?? Ticket.decode(bytes);
    const { server, keys } = this.findKeys(ticket);
    // If the principal has been given other keys since, the ticket is opened again.
    if (known !== undefined && keys.includes(known.key)) {
      return { server, key: known.key, part: known.part, sessionKey: known.sessionKey };
    }
    const { key, part } = unsealTicket(ticket, keys);
    const sessionKey = toKey(part.key);
    this.remember(label, { bytes: Uint8Array.from(bytes), ticket, key, part, sessionKey });
    return { server, key, part, sessionKey };
  }

  private find(label: number, bytes: Uint8Array): Opened | undefined {
    const known = this.current.get(label) ?? this.previous.get(label);
    return known !== undefined && Buffer.compare(known.bytes, bytes) === 0 ? known : undefined;
  }

  private remember(label: number, opened: Opened): void {
    if (this.current.size >= MAX_OPENED) {
      this.previous = this.current;
      this.current = new Map();
    }
    this.current.set(label, opened);
  }

  private findKeys({ realm, sname, encPart }: Ticket): {
    readonly server: PrincipalEntry;
    readonly keys: readonly Key[];
  } {
    const server = this.database.find(sname.nameString, realm);
    if (server === undefined || !this.isOurs(server, realm)) refuse(KRB_AP_ERR_NOT_US, 'TICKET_NOT_OURS');
    // Locking the key that another realm shares with ours invalidates the tickets issued with it.
    if (server.policy.locked) refuse(KDC_ERR_SERVICE_REVOKED, 'SERVICE_LOCKED_OUT');
    if (server.policy.disallowServer) refuse(KDC_ERR_MUST_USE_USER2USER, 'SERVICE_NOT_ALLOWED');
    const { etype, kvno = 0 } = encPart;
    const versions =
      kvno === 0 ? server.keys.slice(0, UNNUMBERED_TRIES) : server.keys.filter(keys => keys.kvno === kvno);
    if (versions.length === 0) refuse(KRB_AP_ERR_BADKEYVER, 'BAD_KEY_VERSION');
    const keys = versions.map(version => version.key(etype)).filter(key => key !== undefined);
    if (keys.length === 0) refuse(KRB_AP_ERR_NOKEY, 'NO_SUCH_KEY');
    return { server, keys };
  }

  /**
   * Whether the ticket is for a service of ours; another realm may issue tickets only for our ticket-granting service.
   */
  private isOurs({ principal }: PrincipalEntry, issuer: string): boolean {
    if (this.database.realm(issuer) !== undefined) return true;
    return isTgs(principal) && this.database.realm(principal.components[1]!) !== undefined;
  }
}

function labelOf(bytes: Uint8Array): number {
  let label = 0;
  for (let i = Math.max(0, bytes.length - LABEL_BYTES); i < bytes.length; i++)
    label = label * 256 + bytes[i]!;
  return label;
}

function unsealTicket(
  { encPart }: Ticket,
  keys: readonly Key[],
): { readonly key: Key; readonly part: EncTicketPart } {
  for (const key of keys) {
    try {
      return { key, part: unseal(EncTicketPart, encPart, key, KU_TICKET) };
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
    }
  }
  refuse(KRB_AP_ERR_BAD_INTEGRITY, 'BAD_TICKET');
}

/** Refuses a ticket that is not valid now, regardless of its INVALID flag. */
export function checkValidity({ starttime, authtime, endtime }: EncTicketPart, { now, kdc }: Exchange): void {
  if ((starttime ?? authtime).getTime() > now + kdc.clockskew * 1000) {
    refuse(KRB_AP_ERR_TKT_NYV, 'TICKET_NOT_YET_VALID');
  }
  if (endtime.getTime() <= now) refuse(KRB_AP_ERR_TKT_EXPIRED, 'TICKET_EXPIRED');
}

/** Refuses a postdated ticket that has not been validated. */
export function checkValidated({ flags }: EncTicketPart): void {
  if (flags & INVALID) refuse(KRB_AP_ERR_TKT_NYV, 'TICKET_NOT_VALIDATED');
}
