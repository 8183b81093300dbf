import type { Key } from '../crypto/key.ts';
import type { Unwrapped } from './context.ts';

/** Who speaks in a context. */
export type Side = 'initiator' | 'acceptor';

/** What the per-message tokens of one side depend on. */
export interface TokenContext {
  readonly key: Key;
  /** Our side; tokens that we open are from the other one. */
  readonly side: Side;
  /** Whether the acceptor chose `key`. */
  readonly acceptorSubkey: boolean;
  readonly dceStyle: boolean;
}

/** A message taken out of its token, with the token's sequence number. */
export interface Opened extends Unwrapped {
  readonly sequence: bigint;
}

/**
 * A layout of per-message tokens under a context's key. It keeps no sequence; it throws GssError BAD_MIC or
 * DEFECTIVE_TOKEN.
 */
export interface TokenFormat {
  /** How many bits a sequence number has. */
  readonly sequenceBits: number;
  wrap(message: Uint8Array, seal: boolean, sequence: bigint): Uint8Array;
  unwrap(token: Uint8Array): Opened;
  mic(message: Uint8Array, sequence: bigint): Uint8Array;
  /** The token's sequence number. */
  verifyMic(message: Uint8Array, token: Uint8Array): bigint;
  /** How many bytes the token of a message of `length` bytes has. */
  wrappedLength(length: number, seal: boolean): number;
}
