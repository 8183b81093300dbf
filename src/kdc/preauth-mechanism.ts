import type { PrincipalEntry } from './database.ts';
import type { Exchange } from './exchange.ts';

/** What a pre-authentication mechanism is given besides the client's data. */
export interface PreauthRequest {
  readonly exchange: Exchange;
  readonly client: PrincipalEntry;
  /** The enctypes asked for that can be used here. */
  readonly etypes: readonly number[];
}

/** The KDC's side of one mechanism, a row of the table. */
export interface KdcPreauth {
  readonly padataType: number;
  /** The ticket flags that the client's data earns; undefined where it proves nothing. May throw `Refusal`. */
  verify(padataValue: Uint8Array, request: PreauthRequest): number | undefined;
}
