import { KerberosError } from '../errors.ts';

/** Why a request gets no ticket: what the KRB-ERROR says. It ends the handling of one request and never leaves the KDC. */
export class Refusal extends KerberosError {
  override readonly name = 'Refusal';
  /** The error number of RFC 4120 §7.5.9. */
  readonly errorCode: number;
  readonly eData: Uint8Array | undefined;

  /** `status` is the word that krb5kdc has for it, in its log and in the e-text. */
  constructor(errorCode: number, status: string, eData?: Uint8Array, options?: ErrorOptions) {
    super('KDC_ERROR', status, options);
    this.errorCode = errorCode;
    this.eData = eData;
  }
}

/** Throws the `Refusal`. */
export function refuse(errorCode: number, status: string): never {
  throw new Refusal(errorCode, status);
}
