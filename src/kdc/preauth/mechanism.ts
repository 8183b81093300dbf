import type { Key } from '../../crypto/key.ts';
import type { Principal } from '../../messages/principal.ts';
import type { PaData } from '../../messages/types.ts';
import type { PrincipalEntry } from '../database.ts';
import type { Exchange } from '../exchange.ts';

/** What a pre-authentication mechanism is given besides the client's data. */
export interface PreauthRequest {
  readonly exchange: Exchange;
  readonly client: PrincipalEntry;
  /** The requested enctypes that are supported here. */
  readonly etypes: readonly number[];
  /** The client's key for the reply, unless a mechanism replaces it. */
  readonly key: Key;
  readonly padata: readonly PaData[];
  /** The DER of the KDC-REQ-BODY. */
  readonly reqBody: Uint8Array;
}

/** What valid data grant to the client. */
export interface Proof {
  /** Ticket flags. */
  readonly flags: number;
  /** The key of the reply, if it is not the client's own. */
  readonly replyKey?: Key;
  /** Padata for the reply. */
  readonly padata?: readonly PaData[];
  /** Makes the session key, and padata that tell the client how; the key is random if not given. */
  makeSession?(etype: number): { readonly key: Key; readonly padata: PaData };
}

/** The KDC's side of one mechanism. */
export interface KdcPreauth {
  readonly padataType: number;
  /** Whether it proves only that the client knows its password or key. */
  readonly byPassword?: boolean;
  /** The mechanism's METHOD-DATA; only its type if not given. */
  offers?(request: PreauthRequest): readonly PaData[];
  /** Undefined if the client's data are not valid. May throw `Refusal`. */
  verify(padataValue: Uint8Array, request: PreauthRequest): Proof | undefined;
  /** The names in a certificate, in DER, if the mechanism can read them; none if it is not valid. */
  namesIn?(certificate: Uint8Array, exchange: Exchange): readonly Principal[];
}
