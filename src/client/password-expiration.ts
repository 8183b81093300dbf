import type { EncKdcRepPart } from '../messages/kdc-rep.ts';

// The last-req types for the expiration of a password and of an account (RFC 4120 §5.4.2); a negative one is about this
// KDC only.
const LR_PASSWORD = 6;
const LR_ACCOUNT = 7;

/**
 * When the client's password expires, if the KDC says so. key-expiration may also be that of the account, whichever
 * comes first, so it is used only where last-req states neither.
 */
export function passwordExpiration({ lastReq, keyExpiration }: EncKdcRepPart): Date | undefined {
  const end = (type: number): Date | undefined =>
    lastReq.find(({ lrType, lrValue }) => Math.abs(lrType) === type && lrValue.getTime() !== 0)?.lrValue;
  const password = end(LR_PASSWORD);
  return password !== undefined || end(LR_ACCOUNT) !== undefined ? password : keyExpiration;
}
