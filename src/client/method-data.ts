import { KerberosError } from '../errors.ts';
import type { KdcError } from '../messages/krb-error.ts';
import { PA_FX_COOKIE, PA_FX_FAST } from '../messages/numbers.ts';
import { MethodData, type PaData } from '../messages/types.ts';
import { namesEnctypes } from '../preauth/hints.ts';

/** The METHOD-DATA of an error that must contain it; empty without e-data. Throws CodecError. */
export function methodData({ reply: { eData } }: KdcError): readonly PaData[] {
  return eData === undefined ? [] : MethodData.decode(eData);
}

/** The cookies that the next message must return (RFC 6113 §5.2); undefined if the error has none. */
export function cookiesIn(error: KdcError): readonly PaData[] | undefined {
  try {
    const cookies = methodData(error).filter(({ padataType }) => padataType === PA_FX_COOKIE);
    return cookies.length === 0 ? undefined : cookies;
  } catch {
    return undefined;
  }
}

/** Whether a KDC that asks for pre-authentication supports FAST. */
export function offersFast(error: KdcError): boolean {
  try {
    return methodData(error).some(({ padataType }) => padataType === PA_FX_FAST);
  } catch {
    return false;
  }
}

/** The value of the first padata of a type. */
export function dataOf(type: number, padata: readonly PaData[]): Uint8Array | undefined {
  return padata.find(({ padataType }) => padataType === type)?.padataValue;
}

/** The error for a KDC that wants pre-authentication which we cannot do; what it offers says why. */
export function nothingToOffer(offers: readonly PaData[], cause: KerberosError): KerberosError {
  const why = offers.some(namesEnctypes)
    ? 'the KDC offers no mechanism that is supported here'
    : "the KDC has no key of the client's of an encryption type that is permitted here";
  return new KerberosError('PREAUTH_FAILED', `Additional pre-authentication required: ${why}`, { cause });
}
