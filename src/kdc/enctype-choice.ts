import { isSupported } from '../crypto/enctype-list.ts';
import type { Key } from '../crypto/key.ts';
import { KDC_ERR_ETYPE_NOSUPP } from '../messages/error-codes.ts';
import { currentKeys, type PrincipalEntry } from './database.ts';
import { refuse } from './refusal.ts';

/** The enctypes of a request that are supported here, without duplicates, so that their number is bounded. */
export function usableEtypes(requested: readonly number[]): readonly number[] {
  const usable: number[] = [];
  for (const etype of requested) {
    if (!usable.includes(etype) && isSupported(etype)) usable.push(etype);
  }
  return usable;
}

/** The client's key for the reply: of the first requested enctype for which it has one (RFC 4120 §3.1.3). */
export function replyKey(client: PrincipalEntry, requested: readonly number[]): Key {
  const keys = currentKeys(client);
  const etype = requested.find(wanted => keys.etypes.includes(wanted));
  if (etype === undefined) refuse(KDC_ERR_ETYPE_NOSUPP, 'CANT_FIND_CLIENT_KEY');
  return keys.key(etype)!;
}

/** The service's preferred key, which only the service and the KDC need to support. */
export function ticketKey(server: PrincipalEntry): Key {
  const keys = currentKeys(server);
  return keys.key(keys.etypes[0]!)!;
}

/** The first requested enctype in which the service accepts session keys. */
export function sessionEtype(server: PrincipalEntry, requested: readonly number[]): number {
  const known = server.policy.sessionEnctypes ?? currentKeys(server).etypes;
  const etype = requested.find(wanted => known.includes(wanted));
  if (etype === undefined) refuse(KDC_ERR_ETYPE_NOSUPP, 'BAD_ENCRYPTION_TYPE');
  return etype;
}
