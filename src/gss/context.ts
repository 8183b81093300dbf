import type { Credential } from '../messages/credential.ts';
import type { Principal } from '../messages/principal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';

/** The services that a context offers for its messages, and what was requested for it (RFC 2743 §1.2.7). */
export interface ContextFlags {
  /** The initiator's credentials are delegated to the acceptor. */
  readonly delegation: boolean;
  /** The acceptor authenticates itself, too. */
  readonly mutual: boolean;
  /** Replayed messages are refused. */
  readonly replay: boolean;
  /** Messages out of sequence are refused. */
  readonly sequence: boolean;
  readonly confidentiality: boolean;
  readonly integrity: boolean;
  /** The initiator wants to remain anonymous. */
  readonly anonymous: boolean;
  /** Three legs instead of two, and rotated tokens (MS-KILE §3.4.5.1). */
  readonly dceStyle: boolean;
  /** The acceptor may identify the initiator, but not act in its name (MS-KILE). */
  readonly identify: boolean;
}

/** What an established context knows. */
export interface ContextInfo {
  /** Who initiated it. */
  readonly initiator: Principal;
  /** Who accepted it. */
  readonly acceptor: Principal;
  readonly flags: ContextFlags;
  /** The mechanism's object identifier in dotted form. */
  readonly mechanism: string;
  /** When the ticket, and with it the context, expires. */
  readonly endtime: Date;
  /** On the acceptor's side: the sealed part of the ticket, with its authorization data. */
  readonly ticket?: EncTicketPart | undefined;
  /** On the acceptor's side: the ticket that the initiator presented, as evidence for S4U2Proxy. */
  readonly evidence?: Credential | undefined;
  /** On the acceptor's side: the credentials that the initiator delegated. */
  readonly delegated?: readonly Credential[] | undefined;
}

/** A message taken out of its token. */
export interface Unwrapped {
  readonly message: Uint8Array;
  /** Whether the message was encrypted. */
  readonly sealed: boolean;
}

/**
 * One side of a GSS-API security context (RFC 2743 §2.2, §2.3): the two sides exchange tokens until it is established,
 * then messages. Every method throws GssError, and nothing but GssError whatever a peer sends.
 */
export interface SecurityContext {
  /**
   * Takes the peer's token, which the initiator's first step does not have; resolves to the token to send to the peer,
   * or to undefined if there is none. If the peer should learn of an error, the GssError has a token for it.
   */
  step(token?: Uint8Array): Promise<Uint8Array | undefined>;
  /** Whether this side needs nothing more from its peer. */
  readonly established: boolean;
  /** Throws NO_CONTEXT before it is established. */
  readonly info: ContextInfo;
  /** Protects a message; encrypts it unless `seal` is false. */
  wrap(message: Uint8Array, options?: WrapOptions): Uint8Array;
  /**
   * The message of a token. Throws BAD_MIC, DEFECTIVE_TOKEN and, depending on the context's flags, DUPLICATE_TOKEN,
   * OLD_TOKEN, UNSEQ_TOKEN or GAP_TOKEN.
   */
  unwrap(token: Uint8Array): Unwrapped;
  /** A token that authenticates a message which is sent separately. */
  mic(message: Uint8Array): Uint8Array;
  /** Throws as `unwrap` does. */
  verifyMic(message: Uint8Array, token: Uint8Array): void;
  /** The longest message whose wrapped form has at most `size` bytes. */
  wrapSizeLimit(size: number, options?: WrapOptions): number;
  /** `length` pseudo-random bytes for `input`, the same on both sides (RFC 4401, RFC 4402). */
  prf(input: Uint8Array, length: number, options?: PrfOptions): Uint8Array;
}

export interface WrapOptions {
  /** Whether to encrypt; true if not given. */
  readonly seal?: boolean | undefined;
}

export interface PrfOptions {
  /** Uses the initiator's key even where the acceptor has chosen another (GSS_C_PRF_KEY_PARTIAL). */
  readonly partial?: boolean | undefined;
}

/**
 * What ties a context to the channel around it (RFC 2744 §3.11): usually `applicationData`, derived from a TLS session.
 */
export interface ChannelBindings {
  readonly applicationData: Uint8Array;
  readonly initiatorAddress?: ChannelAddress | undefined;
  readonly acceptorAddress?: ChannelAddress | undefined;
}

/** The address of one end of a channel. */
export interface ChannelAddress {
  /** An address type of RFC 2744 §3.11, such as 2 for IPv4. */
  readonly type: number;
  readonly address: Uint8Array;
}
