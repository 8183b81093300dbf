import type { Key } from '../../crypto/key.ts';
import type { Principal } from '../../messages/principal.ts';
import type { PaData } from '../../messages/types.ts';
import type { PrincipalEntry } from '../database.ts';
import type { Exchange } from '../exchange.ts';

/** What a pre-authentication mechanism is given besides the client's data. */
export interface PreauthRequest {
  readonly exchange: Exchange;
  readonly client: PrincipalEntry;
  /** The enctypes asked for that can be used here. */
  readonly etypes: readonly number[];
  /** The client's key for the reply, unless a mechanism makes another of it. */
  readonly key: Key;
  readonly padata: readonly PaData[];
  /** The DER of the KDC-REQ-BODY. */
  readonly reqBody: Uint8Array;
}

/** What a client's data earns. */
export interface Proof {
  /** Ticket flags. */
  readonly flags: number;
  /** The key of the reply where it is not the client's own. */
  readonly replyKey?: Key;
  /** What goes with the reply. */
  readonly padata?: readonly PaData[];
  /** Makes the session key, of an enctype, and what tells the client of it; a random one if not given. */
  makeSession?(etype: number): { readonly key: Key; readonly padata: PaData };
}

/** The KDC's side of one mechanism. */
export interface KdcPreauth {
  readonly padataType: number;
  /** Whether it proves that the client knows its password, or its key, and no more. */
  readonly byPassword?: boolean;
  /** What METHOD-DATA tell of it; its type alone if not given. */
  offers?(request: PreauthRequest): readonly PaData[];
  /** Undefined where the client's data prove nothing. May throw `Refusal`. */
  verify(padataValue: Uint8Array, request: PreauthRequest): Proof | undefined;
  /** Whom a certificate, in DER, is for, if the mechanism knows them; none where it proves nothing. */
  namesIn?(certificate: Uint8Array, exchange: Exchange): readonly Principal[];
}
