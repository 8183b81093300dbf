import type { Key } from '../crypto/key.ts';
import { randomUint32 } from '../crypto/random.ts';
import type { Principal } from '../messages/principal.ts';

/** What an AP exchange leaves both sides with (RFC 4120 §3.2.6). */
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
  /** When the ticket ends. */
  readonly endtime: Date;
  /** Whether the service proves who it is, too. */
  readonly mutual: boolean;
}

/** The key that further messages are protected with: the last that was agreed on. */
export function protocolKey(session: ApSession): Key {
  return session.acceptorSubkey ?? session.initiatorSubkey ?? session.sessionKey;
}

/** 30 bits: some peers read a larger one as negative, and adding to it must not run over. */
export function freshSequenceNumber(): number {
  return randomUint32() >>> 2;
}
