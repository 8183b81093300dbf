import { KerberosError } from '../errors.ts';
import { errorName } from '../messages/error-codes.ts';
import { errorSentence } from '../messages/error-sentences.ts';
import { KrbError } from '../messages/krb-error.ts';
import { type Principal, toPrincipalName } from '../messages/principal.ts';

/** A refusal by our acceptor, in a sentence; `errorCode` is the number of RFC 4120 §7.5.9 that the client is told. */
export class ApError extends KerberosError {
  override readonly name: string = 'ApError';
  readonly errorCode: number;
  /** The reason in words for our own side; it is not sent. */
  readonly detail: string | undefined;

  constructor(errorCode: number, detail?: string, options?: ErrorOptions) {
    super('AP_REFUSED', errorSentence({ code: 'AP_REFUSED', errorCode, detail }), options);
    this.errorCode = errorCode;
    this.detail = detail;
  }

  /** The RFC's name of that number, such as `KRB_AP_ERR_SKEW`. */
  get errorName(): string {
    return errorName(this.errorCode);
  }

  /** The KRB-ERROR to send, in the name of the service `server` (RFC 4120 §5.9.1), with `eData` if there is any. */
  toKrbError(server: Principal, now: Date, eData?: Uint8Array): Uint8Array {
    return KrbError.encode({
      stime: now,
      susec: now.getMilliseconds() * 1000,
      errorCode: this.errorCode,
      realm: server.realm,
      sname: toPrincipalName(server),
      eText: this.errorName,
      eData,
    });
  }
}
