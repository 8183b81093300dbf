import type { Key } from '../crypto/key.ts';
import type { Unwrapped } from './context.ts';

/** Who speaks in a context. */
export type Side = 'initiator' | 'acceptor';

/** What every per-message token of one side depends on. */
export interface TokenContext {
  readonly key: Key;
  /** Ours; the tokens that we open are the other's. */
  readonly side: Side;
  /** Whether the acceptor chose `key`. */
  readonly acceptorSubkey: boolean;
  readonly dceStyle: boolean;
}

/** A message out of its token, and the token's place in its sequence. */
export interface Opened extends Unwrapped {
  readonly sequence: bigint;
}

/** A layout of per-message tokens under a context's key. It counts nothing; it throws GssError, BAD_MIC or DEFECTIVE_TOKEN. */
export interface TokenFormat {
  /** How long a sequence number is. */
  readonly sequenceBits: number;
  wrap(message: Uint8Array, seal: boolean, sequence: bigint): Uint8Array;
  unwrap(token: Uint8Array): Opened;
  mic(message: Uint8Array, sequence: bigint): Uint8Array;
  /** The token's sequence number. */
  verifyMic(message: Uint8Array, token: Uint8Array): bigint;
  /** How many bytes the token of a message of `length` bytes has. */
  wrappedLength(length: number, seal: boolean): number;
}
