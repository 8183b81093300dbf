import type { Codec } from '../../codec/codec.ts';
import type { DerType } from '../../codec/der/type.ts';
import { CodecError, IntegrityError } from '../../errors.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../../messages/error-codes.ts';
import { tgsPrincipal } from '../../messages/principal.ts';
import { seal, unseal } from '../../messages/seal.ts';
import { EncryptedData } from '../../messages/types.ts';
import { currentKeys, type PrincipalEntry } from '../database.ts';
import { ticketKey } from '../enctype-choice.ts';
import { refuse } from '../refusal.ts';
import type { PreauthRequest } from './mechanism.ts';

/**
 * What a client is to carry for the KDC, which then keeps nothing: in the realm's key, so that only a KDC of the realm can
 * have made it, and all of them open it.
 */
export function sealForRealm<T>(
  type: DerType<T>,
  value: T,
  usage: number,
  request: PreauthRequest,
): Uint8Array {
  const realm = realmService(request);
  return EncryptedData.encode(seal(type, value, ticketKey(realm), usage, currentKeys(realm).kvno));
}

/** What was sealed, and as it was sealed. */
export interface OpenedForRealm<T> {
  readonly value: T;
  readonly sealed: EncryptedData;
}

/** Opens what a client has brought back; undefined where no KDC of the realm has made it. */
export function openForRealm<T>(
  type: Codec<T>,
  bytes: Uint8Array,
  usage: number,
  request: PreauthRequest,
): OpenedForRealm<T> | undefined {
  try {
    const sealed = EncryptedData.decode(bytes);
    const version = realmService(request).keys.find(({ kvno }) => kvno === sealed.kvno);
    const key = version?.key(sealed.etype);
    return key && { value: unseal(type, sealed, key, usage), sealed };
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof CodecError) return undefined;
    throw error;
  }
}

function realmService({ exchange, client }: PreauthRequest): PrincipalEntry {
  const { components, realm } = tgsPrincipal(client.principal.realm);
  const entry = exchange.kdc.database.find(components, realm);
  if (entry === undefined) refuse(KDC_ERR_S_PRINCIPAL_UNKNOWN, 'SERVER_NOT_FOUND');
  return entry;
}
