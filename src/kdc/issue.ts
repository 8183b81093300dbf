import { encrypt, type Key } from '../crypto/key.ts';
import type { EncKdcRepPart } from '../messages/kdc-rep.ts';
import { KU_TICKET } from '../messages/numbers.ts';
import { EncTicketPart } from '../messages/ticket.ts';
import { encodeTicket } from '../messages/ticket-part.ts';
import type { PaData, PrincipalName } from '../messages/types.ts';
import { signedPart, type Vouched } from './vouched.ts';

/** The key of a ticket; `kvno` is absent for a session key. */
interface TicketSealing {
  readonly realm: string;
  readonly sname: PrincipalName;
  readonly key: Key;
  readonly kvno: number | undefined;
  /** What the KDC itself states about the client. */
  readonly vouched?: Vouched | undefined;
}

/** The DER of a ticket; valid until the next one is sealed. */
export function sealTicket(part: EncTicketPart, sealing: TicketSealing): Uint8Array {
  const { realm, sname, key, kvno, vouched } = sealing;
  const plain = vouched === undefined ? EncTicketPart.encode(part) : signedPart(part, key, vouched);
  const encPart = { etype: key.etype, kvno, cipher: encrypt(key, KU_TICKET, plain) };
  return encodeTicket({ realm, sname, encPart });
}

/** Nothing is recorded about earlier requests (RFC 4120 §5.4.2). */
const NO_LAST_REQUEST = [{ lrType: 0, lrValue: new Date(0) }];

interface ReplyFacts {
  readonly nonce: number;
  readonly realm: string;
  readonly sname: PrincipalName;
  readonly keyExpiration?: Date | undefined;
  readonly encryptedPaData?: readonly PaData[] | undefined;
}

/** The sealed part of a reply, which describes the new ticket to the client (RFC 4120 §5.4.2). */
export function replyPart(ticket: EncTicketPart, facts: ReplyFacts): EncKdcRepPart {
  return {
    key: ticket.key,
    lastReq: NO_LAST_REQUEST,
    nonce: facts.nonce,
    keyExpiration: facts.keyExpiration,
    flags: ticket.flags,
    authtime: ticket.authtime,
    starttime: ticket.starttime,
    endtime: ticket.endtime,
    renewTill: ticket.renewTill,
    srealm: facts.realm,
    sname: facts.sname,
    caddr: ticket.caddr,
    encryptedPaData: facts.encryptedPaData,
  };
}
