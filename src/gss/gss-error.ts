import { KerberosError } from '../errors.ts';

/**
 * The major status codes of RFC 2743 §1.2.1.1 that end a call; the last four are about a message's place in the
 * sequence.
 */
export type GssMajor =
  | 'BAD_BINDINGS'
  | 'BAD_MECH'
  | 'BAD_MIC'
  | 'BAD_NAME'
  | 'BAD_QOP'
  | 'CONTEXT_EXPIRED'
  | 'CREDENTIALS_EXPIRED'
  | 'DEFECTIVE_CREDENTIAL'
  | 'DEFECTIVE_TOKEN'
  | 'FAILURE'
  | 'NO_CONTEXT'
  | 'NO_CRED'
  | 'UNAUTHORIZED'
  | 'UNAVAILABLE'
  | 'DUPLICATE_TOKEN'
  | 'OLD_TOKEN'
  | 'UNSEQ_TOKEN'
  | 'GAP_TOKEN';

export interface GssErrorOptions extends ErrorOptions {
  /** An error token for the peer, if it should be told: the context ends with it. */
  readonly token?: Uint8Array | undefined;
}

/** A GSS-API call that failed; `cause` is the mechanism's own reason, such as an ApError. */
export class GssError extends KerberosError {
  override readonly name = 'GssError';
  readonly major: GssMajor;
  /** The error token for the peer, if there is one. */
  readonly token: Uint8Array | undefined;

  constructor(major: GssMajor, message: string, options?: GssErrorOptions) {
    super('GSS', message, options);
    this.major = major;
    this.token = options?.token;
  }
}
