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

/** Elements that only a KDC may issue. */
const KDC_ONLY: readonly number[] = [AD_KDC_ISSUED, AD_CAMMAC, AD_AUTHENTICATION_INDICATOR, AD_WIN2K_PAC];

/**
 * The authorization data of a ticket derived from another: those of that ticket and those that the client adds, without
 * the elements that only a KDC may issue (RFC 4120 §3.3.3, §5.2.6) and issues anew for each ticket. Throws `Refusal`
 * for an unknown restriction that is meant for a KDC.
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

/** Ticket-granting tickets are presented repeatedly. */
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

/** Services look into nested containers, so the KDC does, too; nobody needs many levels. */
const MAX_DEPTH = 4;

function mayComeFromClient({ adType, adData }: AuthorizationDataElement, depth = 0): boolean {
  if (KDC_ONLY.includes(adType)) return false;
  if (adType !== AD_IF_RELEVANT) return true;
  return (
    depth < MAX_DEPTH && AuthorizationData.decode(adData).every(inner => mayComeFromClient(inner, depth + 1))
  );
}
