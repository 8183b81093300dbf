import { IntegrityError } from '../errors.ts';
import {
  AD_AUTHENTICATION_INDICATOR,
  AD_CAMMAC,
  AD_IF_RELEVANT,
  AD_KDC_ISSUED,
  AD_MANDATORY_FOR_KDC,
  AD_WIN2K_PAC,
} from '../messages/authorization.ts';
import { KDC_ERR_POLICY, KRB_AP_ERR_BAD_INTEGRITY } from '../messages/error-codes.ts';
import { KU_TGS_REQ_AD_SESSKEY, KU_TGS_REQ_AD_SUBKEY } from '../messages/numbers.ts';
import { unseal } from '../messages/seal.ts';
import { AuthorizationData, type AuthorizationDataElement, type EncryptedData } from '../messages/types.ts';
import { refuse } from './refusal.ts';
import type { TgsHeader } from './tgs-header.ts';

/** What only a KDC may say. */
const KDC_ONLY: readonly number[] = [AD_KDC_ISSUED, AD_CAMMAC, AD_AUTHENTICATION_INDICATOR, AD_WIN2K_PAC];

/**
 * The authorization data of a ticket that rests on another: what that one has and what the client adds, without what
 * only a KDC may say (RFC 4120 §3.3.3, §5.2.6) and says anew in each ticket. Throws `Refusal` where a restriction is
 * meant for a KDC and unknown.
 */
export function combinedAuthorizationData(
  { subkey, sessionKey }: Pick<TgsHeader, 'subkey' | 'sessionKey'>,
  inherited: AuthorizationData = [],
  sealed: EncryptedData | undefined,
): AuthorizationData | undefined {
  const added =
    sealed === undefined
      ? []
      : open(sealed, { subkey, sessionKey }).filter(element => mayComeFromClient(element));
  const all = [...withoutKdcs(inherited), ...added];
  if (all.some(({ adType }) => adType === AD_MANDATORY_FOR_KDC))
    refuse(KDC_ERR_POLICY, 'UNKNOWN_RESTRICTION');
  return all.length === 0 ? undefined : all;
}

/** A ticket-granting ticket is presented again and again. */
const filtered = new WeakMap<AuthorizationData, AuthorizationData>();

function withoutKdcs(data: AuthorizationData): AuthorizationData {
  const known = filtered.get(data) ?? data.filter(element => mayComeFromClient(element));
  filtered.set(data, known);
  return known;
}

function open(
  sealed: EncryptedData,
  { subkey, sessionKey }: Pick<TgsHeader, 'subkey' | 'sessionKey'>,
): AuthorizationData {
  try {
    return subkey === undefined
      ? unseal(AuthorizationData, sealed, sessionKey, KU_TGS_REQ_AD_SESSKEY)
      : unseal(AuthorizationData, sealed, subkey, KU_TGS_REQ_AD_SUBKEY);
  } catch (error) {
    if (error instanceof IntegrityError) refuse(KRB_AP_ERR_BAD_INTEGRITY, 'BAD_AUTHORIZATION_DATA');
    throw error;
  }
}

/** Services look into containers within containers, so we do; nobody needs many of them. */
const MAX_DEPTH = 4;

function mayComeFromClient({ adType, adData }: AuthorizationDataElement, depth = 0): boolean {
  if (KDC_ONLY.includes(adType)) return false;
  if (adType !== AD_IF_RELEVANT) return true;
  return (
    depth < MAX_DEPTH && AuthorizationData.decode(adData).every(inner => mayComeFromClient(inner, depth + 1))
  );
}
