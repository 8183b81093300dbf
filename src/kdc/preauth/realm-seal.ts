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
 * Seals state that a client is to return, so that the KDC need not keep it: in the realm's key, so that only KDCs of
 * the realm can make it, and all of them can open it.
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

/** The sealed state, opened, and its sealed form. */
interface OpenedForRealm<T> {
  readonly value: T;
  readonly sealed: EncryptedData;
}

/** Opens what a client has returned; undefined if no KDC of the realm has made it. */
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
