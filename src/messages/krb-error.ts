import type { ValueOf } from '../codec/codec.ts';
import { GeneralString, Int32, Microseconds, OctetString } from '../codec/der/primitives.ts';
import { application, constant, explicit, optional, sequence } from '../codec/der/schema.ts';
import { KerberosError } from '../errors.ts';
import { errorName } from './error-codes.ts';
import { KerberosTime, PrincipalName, Realm } from './types.ts';

/** RFC 4120 §5.9.1. */
export const KrbError = application(
  30,
  sequence('KrbError', {
    pvno: constant(explicit(0, Int32), 5),
    msgType: constant(explicit(1, Int32), 30),
    ctime: optional(2, KerberosTime),
    cusec: optional(3, Microseconds),
    stime: explicit(4, KerberosTime),
    susec: explicit(5, Microseconds),
    errorCode: explicit(6, Int32),
    crealm: optional(7, Realm),
    cname: optional(8, PrincipalName),
    realm: explicit(9, Realm),
    sname: explicit(10, PrincipalName),
    eText: optional(11, GeneralString),
    eData: optional(12, OctetString),
  }),
  'KrbError',
);
export type KrbError = ValueOf<typeof KrbError>;

/** Whether a message is a KRB-ERROR, by its first octet. */
export function isKrbError(message: Uint8Array): boolean {
  return message[0] === KrbError.tags[0];
}

/** A KDC or a service answered with a KRB-ERROR, which is `reply`. */
export class KdcError extends KerberosError {
  /** @internal */
  static override readonly kind = 'krb5kit.KdcError';
  override readonly name = 'KdcError';
  readonly reply: KrbError;

  constructor(reply: KrbError, code: 'KDC_ERROR' | 'SERVER_REFUSED' = 'KDC_ERROR', options?: ErrorOptions) {
    super(code, errorName(reply.errorCode), options);
    this.reply = reply;
  }

  /** The error number of RFC 4120 §7.5.9. */
  get errorCode(): number {
    return this.reply.errorCode;
  }

  /** The sender's additional text. */
  get eText(): string | undefined {
    return this.reply.eText;
  }
}
