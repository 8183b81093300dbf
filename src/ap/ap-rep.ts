import { pooledCopy } from '../codec/pooled.ts';
import type { Key } from '../crypto/key.ts';
import { CodecError, KerberosError } from '../errors.ts';
import { ApRep, EncApRepPart } from '../messages/ap.ts';
import { KU_AP_REP } from '../messages/numbers.ts';
import { seal, unseal } from '../messages/seal.ts';
import type { AuthenticatorTime } from './authenticator-time.ts';

/** The AP-REP with a given sealed part (RFC 4120 §3.2.4). */
export function sealApRep(part: EncApRepPart, sessionKey: Key): Uint8Array {
  return ApRep.lend({ encPart: seal(EncApRepPart, part, sessionKey, KU_AP_REP) }, pooledCopy);
}

/**
 * Opens an AP-REP. Throws KerberosError MUTUAL_FAILED where its sender does not have the session key, and CodecError.
 */
export function openApRep(apRep: Uint8Array, sessionKey: Key): EncApRepPart {
  const { encPart } = ApRep.decode(apRep);
  try {
    return unseal(EncApRepPart, encPart, sessionKey, KU_AP_REP);
  } catch (error) {
    throw error instanceof KerberosError && !(error instanceof CodecError) ? mutualFailed(error) : error;
  }
}

/** Whether two AP-REPs have the same sealed part; nothing protects what surrounds it. Throws CodecError. */
export function sameApRep(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(ApRep.decode(one).encPart.cipher, ApRep.decode(other).encPart.cipher) === 0;
}

/** Throws KerberosError MUTUAL_FAILED where an AP-REP does not answer the authenticator of `time` (RFC 4120 §3.2.5). */
export function checkApRepTime(part: EncApRepPart, { ctime, cusec }: AuthenticatorTime): void {
  // On the wire, times are in whole seconds.
  const sameSecond = Math.floor(part.ctime.getTime() / 1000) === Math.floor(ctime.getTime() / 1000);
  if (!sameSecond || part.cusec !== cusec) throw mutualFailed();
}

export function mutualFailed(cause?: KerberosError): KerberosError {
  return new KerberosError('MUTUAL_FAILED', 'Mutual authentication failed', { cause });
}
