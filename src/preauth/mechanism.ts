import type { Key } from '../crypto/key.ts';
import type { PaData } from '../messages/types.ts';
import type { Trace } from '../trace.ts';

/** What an AS exchange offers a pre-authentication mechanism (RFC 6113 §2). */
export interface PreauthContext {
  /** The time to put into messages: ours, corrected by what the KDC said of its own. */
  now(): Date;
  /** The client's long-term key of the enctype and salt the KDC asks for; a password is read at the first call. */
  clientKey(): Promise<Key>;
  readonly trace: Trace;
}

/** One run of a mechanism within one AS exchange. */
export interface PreauthSession {
  /** Answers the KDC's data of this mechanism's type. */
  step(offered: Uint8Array): Promise<readonly PaData[]>;
  /** The key that opens the AS-REP. */
  replyKey(): Promise<Key>;
}

/** A row of the table of mechanisms. */
export interface PreauthMechanism {
  readonly name: string;
  readonly padataType: number;
  begin(context: PreauthContext): PreauthSession;
}
