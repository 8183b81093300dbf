/** An error that neither the protocol nor MIT's library defines, but software built on them. */
export interface OtherError {
  /** Its name, if it has one; else the beginning of its message. */
  readonly name: string;
  /** The number that programs print; unsigned. */
  readonly number?: number;
  /** Matches a text that contains it. */
  readonly pattern?: RegExp;
  readonly sentence: string;
  readonly saidBy: string;
  readonly causes: readonly string[];
  readonly hint?: string;
}
