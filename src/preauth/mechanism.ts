import type { Key } from '../crypto/key.ts';
import type { KdcError } from '../messages/krb-error.ts';
import type { Principal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';
import type { Trace } from '../trace.ts';
import type { PkinitOptions } from './pkinit/options.ts';

/** What an AS exchange provides to a pre-authentication mechanism (RFC 6113 §2). */
export interface PreauthContext {
  readonly client: Principal;
  /**
   * The DER of the KDC-REQ-BODY that is sent with the padata of this round; within FAST, of the inner one. It changes
   * with each round, so read it in `step`.
   */
  readonly reqBody: Uint8Array;
  /** The key of the FAST armor around the exchange (RFC 6113 §5.4.1), where there is one. */
  readonly armorKey: Key | undefined;
  /** Whether no timestamp is to be sealed in the client's key, which gives who listens something to try passwords on. */
  readonly timestampIsForbidden?: boolean;
  /** The groups for SPAKE, the preferred first, by their names in krb5.conf; edwards25519 if not given. */
  readonly spakeGroups?: readonly string[] | undefined;
  /** All the padata that the KDC last offered: some mechanisms look at data of other types. */
  readonly offers: readonly PaData[];
  /** The client's certificate and what to verify the KDC's with; undefined where PKINIT is not wanted. */
  readonly pkinit: PkinitOptions | undefined;
  /** The time for messages: ours, corrected by what the KDC has said about its own. */
  now(): Date;
  /** Asks the user for a secret other than the password; undefined where nobody can be asked. */
  readonly ask: ((prompt: string) => Promise<string>) | undefined;
  /** Our own clock, for decisions that nobody else may influence, such as whether a certificate has expired. */
  clock(): Date;
  /** The client's long-term key of the enctype and salt that the KDC asks for; the first call reads the password. */
  clientKey(): Promise<Key>;
  /** Has the cache record `value` under `key` for the ticket of this exchange. */
  note(key: string, value: string): void;
  /**
   * Excludes all other mechanisms from this exchange: the failure may be caused by somebody who wants a weaker one to
   * be used.
   */
  forbidOthers(): void;
  readonly trace: Trace;
}

/** One run of a mechanism within one AS exchange. */
export interface PreauthSession {
  /** Answers the KDC's data of this mechanism's type, which are empty where the KDC only offers the mechanism. */
  step(offered: Uint8Array): Promise<readonly PaData[]>;
  /** The key of the AS-REP, whose data of this mechanism's type are `answer`. Throws if they are wrong. */
  replyKey(answer: Uint8Array | undefined, exchanged: Exchanged): Promise<Key>;
  /**
   * The padata for another attempt after the KDC refused this mechanism's data with `error`; undefined if there is
   * nothing else to try.
   */
  again?(error: KdcError): Promise<readonly PaData[] | undefined>;
}

/** What a reply key may depend on besides the mechanism's own data. */
export interface Exchanged {
  /** The AS-REQ as it was sent. */
  readonly request: Uint8Array;
  /** The enctype of the reply. */
  readonly etype: number;
  /** Whether `key`, as a reply key, opens the reply. */
  opens(key: Key): boolean;
}

/** A pre-authentication mechanism. */
export interface PreauthMechanism {
  readonly name: string;
  readonly padataType: number;
  begin(context: PreauthContext): PreauthSession;
}

/** A row of the table of mechanisms; the mechanism itself is loaded when a KDC asks for it. */
export interface MechanismRow {
  readonly name: string;
  readonly padataType: number;
  /** The type of the data in an AS-REP, if it is another one. */
  readonly replyType?: number;
  /** Whether it is a FAST factor, which may be used only within an armor (RFC 6113 §5.4). */
  readonly armored?: boolean;
  /** Whether what the mechanism needs is there; true if not given. */
  usable?(context: PreauthContext): boolean;
  load(): PreauthMechanism | Promise<PreauthMechanism>;
}
