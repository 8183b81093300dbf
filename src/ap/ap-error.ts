import { KerberosError } from '../errors.ts';
import { errorName } from '../messages/error-codes.ts';
import { KrbError } from '../messages/krb-error.ts';
import { type Principal, toPrincipalName } from '../messages/principal.ts';

/** A refusal by our acceptor; `errorCode` is the number of RFC 4120 §7.5.9 that the client is told. */
export class ApError extends KerberosError {
  override readonly name = 'ApError';
  readonly errorCode: number;
  /** The reason in words for our own side; it is not sent. */
  readonly detail: string | undefined;

  constructor(errorCode: number, detail?: string, options?: ErrorOptions) {
    super(
      'AP_REFUSED',
      detail === undefined ? errorName(errorCode) : `${errorName(errorCode)}: ${detail}`,
      options,
    );
    this.errorCode = errorCode;
    this.detail = detail;
  }

  /** The KRB-ERROR to send, in the name of the service `server` (RFC 4120 §5.9.1), with `eData` if there is any. */
  toKrbError(server: Principal, now: Date, eData?: Uint8Array): Uint8Array {
    return KrbError.encode({
      stime: now,
      susec: now.getMilliseconds() * 1000,
      errorCode: this.errorCode,
      realm: server.realm,
      sname: toPrincipalName(server),
      eText: errorName(this.errorCode),
      eData,
    });
  }
}
