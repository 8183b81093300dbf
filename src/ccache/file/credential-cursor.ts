import { BinaryReader } from '../../codec/binary.ts';
import type { Credential } from '../../messages/credential.ts';
import type { Principal } from '../../messages/principal.ts';
import type { AuthorizationDataElement, EncryptionKey, HostAddress } from '../../messages/types.ts';
import {
  type CacheOwner,
  readAddresses,
  readAuthorizationData,
  readCredential,
  readKey,
  readPrincipal,
} from './credential-format.ts';

/** Returned for the end of a credential that is incomplete. */
export const BEYOND = -1;

/**
 * Goes through the credentials of a cache in version 4, one after another. This object is each of them until the next
 * `move`, and most properties are read when they are accessed, so that hardly any object is made for ten thousand
 * tickets that are only looked at. It cannot be spread: most properties are accessors of the class.
 */
export class CredentialCursor implements Credential {
  // These are accessed for every credential, more than once.
  server: Principal;
  endtime = new Date(0);
  private readonly owner: CacheOwner;
  private bytes: Buffer = Buffer.alloc(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  private isOwners = false;
  private clientAt = 0;
  private serverAt = 0;
  private keyAt = 0;
  private timesAt = 0;
  private addressesAt = 0;
  private authorizationDataAt = 0;
  private ticketAt = 0;
  private secondTicketAt = 0;
  private end = 0;
  private lastRenewTill: Date | undefined;

  constructor(owner: CacheOwner) {
    this.owner = owner;
    this.server = owner.principal;
  }

  /** Continues in other bytes, with the next `move`. */
  read(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Moves to the credential at `start` and returns where it ends; after BEYOND there is no current credential. */
  move(start: number): number {
    const { view } = this;
    this.clientAt = start;
    this.isOwners = this.startsWithOwner(start);
    this.serverAt = this.isOwners ? start + this.owner.bytes.length : principalEnd(view, start);
    this.keyAt = principalEnd(view, this.serverAt);
    this.timesAt = countedEnd(view, this.keyAt, 1, 2);
    this.addressesAt = this.timesAt === BEYOND ? BEYOND : this.timesAt + 21;
    this.authorizationDataAt = listEnd(view, this.addressesAt);
    this.ticketAt = listEnd(view, this.authorizationDataAt);
    this.secondTicketAt = countedEnd(view, this.ticketAt, 1, 0);
    const end = countedEnd(view, this.secondTicketAt, 1, 0);
    if (end === BEYOND) return BEYOND;
    this.end = end;
    this.server = this.principal(this.serverAt, this.keyAt);
    this.endtime = dateOf(view.getUint32(this.timesAt + 8), this.endtime);
    return end;
  }

  /** The current credential as one that stays as it is. */
  copy(): Credential {
    const bytes = Uint8Array.from(this.bytes.subarray(this.clientAt, this.end));
    return readCredential(new BinaryReader(bytes), '')!;
  }

  get client(): Principal {
    return this.isOwners ? this.owner.principal : this.principal(this.clientAt, this.serverAt);
  }
  get key(): EncryptionKey {
    return readKey(this.at(this.keyAt));
  }
  get authtime(): Date {
    return dateOf(this.view.getUint32(this.timesAt));
  }
  get starttime(): Date | undefined {
    const seconds = this.view.getUint32(this.timesAt + 4);
    return seconds === 0 ? undefined : dateOf(seconds);
  }
  get renewTill(): Date | undefined {
    const seconds = this.view.getUint32(this.timesAt + 12);
    if (seconds === 0) return undefined;
    this.lastRenewTill = dateOf(seconds, this.lastRenewTill);
    return this.lastRenewTill;
  }
  get isSkey(): boolean {
    return this.bytes[this.timesAt + 16] !== 0;
  }
  get flags(): number {
    return this.view.getUint32(this.timesAt + 17);
  }
  get addresses(): HostAddress[] {
    return readAddresses(this.at(this.addressesAt));
  }
  get authorizationData(): AuthorizationDataElement[] {
    return readAuthorizationData(this.at(this.authorizationDataAt));
  }
  get ticket(): Uint8Array {
    const { buffer, byteOffset } = this.bytes;
    const start = this.ticketAt + 4;
    return new Uint8Array(buffer, byteOffset + start, this.secondTicketAt - start);
  }
  get secondTicket(): Uint8Array {
    return this.at(this.secondTicketAt).counted32('secondTicket');
  }

  private startsWithOwner(start: number): boolean {
    const { bytes } = this;
    const expected = this.owner.bytes;
    let i = expected.length;
    if (start + i > bytes.length) return false;
    while (i > 0 && bytes[start + i - 1] === expected[i - 1]) i--;
    return i === 0;
  }

  /** Nearly all principals are ASCII, and are cut out of one string. */
  private principal(start: number, end: number): Principal {
    const { view } = this;
    const from = start + 12;
    const text = this.bytes.toString('utf8', from, end);
    if (text.length < end - from || text.includes('\ufffd')) return readPrincipal(this.at(start), '');
    const realmLength = view.getUint32(start + 8);
    const components: string[] = [];
    for (let at = realmLength; at < text.length; ) {
      const nameAt = at + 4;
      at = nameAt + view.getUint32(from + at);
      components.push(text.substring(nameAt, at));
    }
    return { nameType: view.getInt32(start), components, realm: text.substring(0, realmLength) };
  }

  private at(offset: number): BinaryReader {
    const reader = new BinaryReader(this.bytes);
    reader.offset = offset;
    return reader;
  }
}

/** Reuses the last date if it is the same. In this file, because every call into another bundle costs a look-up. */
function dateOf(seconds: number, last?: Date): Date {
  const time = seconds * 1000;
  return last !== undefined && last.getTime() === time ? last : new Date(time);
}

// The functions below return where something ends: BEYOND if that is outside the view, or if it started there.

function principalEnd(view: DataView, start: number): number {
  if (start === BEYOND || start + 12 > view.byteLength) return BEYOND;
  return countedEnd(view, start + 8, view.getUint32(start + 4) + 1, 0);
}

function listEnd(view: DataView, start: number): number {
  if (start === BEYOND || start + 4 > view.byteLength) return BEYOND;
  return countedEnd(view, start + 4, view.getUint32(start), 2);
}

/** Skips a number of byte strings, each preceded by `head` other bytes and its length. */
function countedEnd(view: DataView, start: number, count: number, head: number): number {
  if (start === BEYOND) return BEYOND;
  const size = view.byteLength;
  let at = start;
  for (let left = count; left > 0; left--) {
    at += head + 4;
    if (at > size) return BEYOND;
    at += view.getUint32(at - 4);
  }
  return at > size ? BEYOND : at;
}
