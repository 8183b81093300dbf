import type { Credential } from '../messages/credential.ts';
import type { Principal } from '../messages/principal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';

/** What a context does for its messages, and what was asked for it (RFC 2743 §1.2.7). */
export interface ContextFlags {
  /** The client's credentials are passed on. */
  readonly delegation: boolean;
  /** The acceptor proves who it is, too. */
  readonly mutual: boolean;
  /** Messages that come again are refused. */
  readonly replay: boolean;
  /** Messages out of their order are refused. */
  readonly sequence: boolean;
  readonly confidentiality: boolean;
  readonly integrity: boolean;
  /** The initiator wants to be known by no name. */
  readonly anonymous: boolean;
  /** Three legs, and rotated tokens (MS-KILE §3.4.5.1). */
  readonly dceStyle: boolean;
  /** The initiator lets the acceptor know who it is, and no more (MS-KILE). */
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
  /** When the ticket, and with it the context, ends. */
  readonly endtime: Date;
  /** At the acceptor: the ticket's sealed part, with its authorization data. */
  readonly ticket?: EncTicketPart | undefined;
  /** At the acceptor: the ticket it was shown, as the initiator has it; what S4U2Proxy asks for. */
  readonly evidence?: Credential | undefined;
  /** At the acceptor: what the initiator delegated. */
  readonly delegated?: readonly Credential[] | undefined;
}

/** A message that came out of its token. */
export interface Unwrapped {
  readonly message: Uint8Array;
  /** Whether nobody else could read it. */
  readonly sealed: boolean;
}

/**
 * One side of a GSS-API security context (RFC 2743 §2.2, §2.3): tokens go to and fro until it is established, then
 * messages. Every method throws GssError, and nothing but GssError for whatever a peer may send.
 */
export interface SecurityContext {
  /**
   * Takes the peer's token, of which the initiator's first step has none; resolves to the token for the peer, or to
   * undefined where there is none to send. An error that the peer is to know of has its own token.
   */
  step(token?: Uint8Array): Promise<Uint8Array | undefined>;
  /** Whether this side needs nothing more of its peer. */
  readonly established: boolean;
  /** Throws NO_CONTEXT before it is established. */
  readonly info: ContextInfo;
  /** Protects a message; sealed unless told otherwise. */
  wrap(message: Uint8Array, options?: WrapOptions): Uint8Array;
  /** Throws BAD_MIC, DEFECTIVE_TOKEN and, by the context's flags, DUPLICATE_TOKEN, OLD_TOKEN, UNSEQ_TOKEN or GAP_TOKEN. */
  unwrap(token: Uint8Array): Unwrapped;
  /** A token that vouches for a message sent beside it. */
  mic(message: Uint8Array): Uint8Array;
  /** Throws as `unwrap` does. */
  verifyMic(message: Uint8Array, token: Uint8Array): void;
  /** The longest message whose wrapped form has at most `size` bytes. */
  wrapSizeLimit(size: number, options?: WrapOptions): number;
  /** `length` pseudo-random bytes for `input`, the same on both sides (RFC 4401, RFC 4402). */
  prf(input: Uint8Array, length: number, options?: PrfOptions): Uint8Array;
}

export interface WrapOptions {
  /** Whether nobody else is to read it; true if not given. */
  readonly seal?: boolean | undefined;
}

export interface PrfOptions {
  /** Takes the initiator's key where the acceptor has chosen another (GSS_C_PRF_KEY_PARTIAL). */
  readonly partial?: boolean | undefined;
}

/** What a context is bound to outside of itself (RFC 2744 §3.11): most often `applicationData`, made of a TLS session. */
export interface ChannelBindings {
  readonly applicationData: Uint8Array;
  readonly initiatorAddress?: ChannelAddress | undefined;
  readonly acceptorAddress?: ChannelAddress | undefined;
}

export interface ChannelAddress {
  /** An address type of RFC 2744 §3.11, such as 2 for IPv4. */
  readonly type: number;
  readonly address: Uint8Array;
}
