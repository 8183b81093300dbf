import type { Key } from '../crypto/key.ts';
import { randomUint32 } from '../crypto/random.ts';
import type { Principal } from '../messages/principal.ts';

/** What both sides know after an AP exchange (RFC 4120 §3.2.6). */
export interface ApSession {
  readonly client: Principal;
  readonly server: Principal;
  readonly sessionKey: Key;
  /** The subkey that the client chose, if it did. */
  readonly initiatorSubkey?: Key | undefined;
  /** The subkey that the service chose, if it did. */
  readonly acceptorSubkey?: Key | undefined;
  /** The first sequence number of the client's messages, if it named one. */
  readonly initiatorSequence?: number | undefined;
  /** The first sequence number of the service's messages, if it named one. */
  readonly acceptorSequence?: number | undefined;
  /** When the ticket expires. */
  readonly endtime: Date;
  /** Whether the service authenticates itself, too. */
  readonly mutual: boolean;
}

/** The key that protects further messages: the one agreed on last. */
export function protocolKey(session: ApSession): Key {
  return session.acceptorSubkey ?? session.initiatorSubkey ?? session.sessionKey;
}

/** 30 bits: some peers read a larger number as negative, and incrementing it must not overflow. */
export function freshSequenceNumber(): number {
  return randomUint32() >>> 2;
}
