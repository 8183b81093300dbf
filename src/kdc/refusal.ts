import { KerberosError } from '../errors.ts';

/**
 * Why a request is refused, as the KRB-ERROR states it. It ends the handling of one request and never leaves the KDC.
 */
export class Refusal extends KerberosError {
  override readonly name = 'Refusal';
  /** The error number of RFC 4120 §7.5.9. */
  readonly errorCode: number;
  readonly eData: Uint8Array | undefined;

  /** `status` is krb5kdc's word for it, in the log and in the e-text. */
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
