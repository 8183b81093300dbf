import type { Key } from '../crypto/key.ts';
import type { KdcError } from '../messages/krb-error.ts';
import type { Principal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';
import type { Trace } from '../trace.ts';
import type { PkinitOptions } from './pkinit-options.ts';

/** What an AS exchange offers a pre-authentication mechanism (RFC 6113 §2). */
export interface PreauthContext {
  readonly client: Principal;
  /**
   * The DER of the KDC-REQ-BODY that goes with the padata of this round; within FAST, of the inner one. Each round has
   * its own, so that it is to be read in `step`.
   */
  readonly reqBody: Uint8Array;
  /** The key of the FAST armor around the exchange (RFC 6113 §5.4.1), where there is one. */
  readonly armorKey: Key | undefined;
  /** The groups for SPAKE, best first, by their names in krb5.conf; edwards25519 if not given. */
  readonly spakeGroups?: readonly string[] | undefined;
  /** All that the KDC last offered: some mechanisms look at data of other types. */
  readonly offers: readonly PaData[];
  /** The client's certificate and what its KDC's is checked by; undefined where PKINIT is not wished for. */
  readonly pkinit: PkinitOptions | undefined;
  /** The time to put into messages: ours, corrected by what the KDC said of its own. */
  now(): Date;
  /** Asks the user for something secret besides his password; undefined where nobody can be asked. */
  readonly ask: ((prompt: string) => Promise<string>) | undefined;
  /** Our own clock, for what nobody else's word counts in, such as whether a certificate has expired. */
  clock(): Date;
  /** The client's long-term key of the enctype and salt the KDC asks for; a password is read at the first call. */
  clientKey(): Promise<Key>;
  /** Has the cache remember `value` under `key`, about the ticket that the exchange brings. */
  note(key: string, value: string): void;
  /** Leaves no other mechanism to this exchange: what makes this one fail may be somebody who wants to see a weaker one. */
  forbidOthers(): void;
  readonly trace: Trace;
}

/** One run of a mechanism within one AS exchange. */
export interface PreauthSession {
  /** Answers the KDC's data of this mechanism's type; it is empty where the KDC only offers the mechanism. */
  step(offered: Uint8Array): Promise<readonly PaData[]>;
  /** The key of the AS-REP, whose data of this mechanism's type are `answer`. Throws where they are not as they must be. */
  replyKey(answer: Uint8Array | undefined, exchanged: Exchanged): Promise<Key>;
  /**
   * The padata for another attempt after the KDC refused this mechanism's data with `error`; undefined where there is
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
  /** The type of the data in an AS-REP, where that is another. */
  readonly replyType?: number;
  /** A FAST factor: only within an armor (RFC 6113 §5.4). */
  readonly armored?: boolean;
  /** Whether there is what the mechanism needs; there is if not given. */
  usable?(context: PreauthContext): boolean;
  load(): PreauthMechanism | Promise<PreauthMechanism>;
}
