import type { ValueOf } from '../codec/codec.ts';
import { GeneralString, Int32, Microseconds, OctetString } from '../codec/der/primitives.ts';
import { explicit, optional } from '../codec/der/schema.ts';
import { printable } from '../codec/text.ts';
import { KerberosError } from '../errors.ts';
import { errorName, KDC_ERR_C_PRINCIPAL_UNKNOWN, KDC_ERR_S_PRINCIPAL_UNKNOWN } from './error-codes.ts';
import { clientNotFound, errorSentence, serverNotFound } from './error-sentences.ts';
import { message } from './message.ts';
import { formatPrincipal, type Principal } from './principal.ts';
import { KerberosTime, PrincipalName, Realm } from './types.ts';

/** RFC 4120 §5.9.1. */
export const KrbError = message(30, 'KrbError', {
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
});
export type KrbError = ValueOf<typeof KrbError>;

/** Whether a message is a KRB-ERROR, by its first octet. */
export function isKrbError(message: Uint8Array): boolean {
  return message[0] === KrbError.tags[0];
}

/** Whom the refused request was about. */
export interface Concerned {
  readonly client?: Principal | undefined;
  readonly server?: Principal | undefined;
}

/**
 * A KDC or a service answered with a KRB-ERROR, which is `reply`. The message says in a sentence what the error number
 * means, and names the client and the server of the request.
 */
export class KdcError extends KerberosError {
  /** @internal */
  static override readonly kind = 'krb5kit.KdcError';
  override readonly name = 'KdcError';
  readonly reply: KrbError;

  constructor(
    reply: KrbError,
    code: 'KDC_ERROR' | 'SERVER_REFUSED' = 'KDC_ERROR',
    options: Concerned & ErrorOptions = {},
  ) {
    super(code, messageOf(reply, code, options), options);
    this.reply = reply;
  }

  /** The error number of RFC 4120 §7.5.9. */
  get errorCode(): number {
    return this.reply.errorCode;
  }

  /** The RFC's name of that number, such as `KDC_ERR_S_PRINCIPAL_UNKNOWN`. */
  get errorName(): string {
    return errorName(this.errorCode);
  }

  /** The sender's additional text. */
  get eText(): string | undefined {
    return this.reply.eText;
  }
}

function messageOf({ errorCode, eText }: KrbError, code: string, concerned: Concerned): string {
  const [client, server] = [concerned.client, concerned.server].map(
    principal => principal && printable(formatPrincipal(principal)),
  );
  if (errorCode === KDC_ERR_C_PRINCIPAL_UNKNOWN && client !== undefined) return clientNotFound(client);
  if (errorCode === KDC_ERR_S_PRINCIPAL_UNKNOWN && server !== undefined) return serverNotFound(server);
  const names = [client, server].filter(name => name !== undefined).join(' for ');
  const sentence = errorSentence({ code, errorCode, eText });
  return names === '' ? sentence : `${sentence} (${names})`;
}
