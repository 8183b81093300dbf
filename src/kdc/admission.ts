import {
  KDC_ERR_C_PRINCIPAL_UNKNOWN,
  KDC_ERR_CLIENT_REVOKED,
  KDC_ERR_KEY_EXPIRED,
  KDC_ERR_NAME_EXP,
  KDC_ERR_SERVICE_EXP,
  KDC_ERR_SERVICE_REVOKED,
  KDC_ERR_TGT_REVOKED,
} from '../messages/error-codes.ts';
import { sameName, toPrincipalName } from '../messages/principal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import type { PrincipalEntry } from './database.ts';
import type { Exchange } from './exchange.ts';
import type { PrincipalPolicy, RealmPolicy } from './policy.ts';
import { refuse } from './refusal.ts';

/** Refuses a client whose account is locked or has expired; `now` in milliseconds. */
export function admitClient({ policy }: PrincipalEntry, now: number): void {
  if (policy.locked) refuse(KDC_ERR_CLIENT_REVOKED, 'CLIENT_LOCKED_OUT');
  if (isPast(policy.expiration, now)) refuse(KDC_ERR_NAME_EXP, 'CLIENT_EXPIRED');
}

/**
 * The client of a ticket, which may have been locked, removed or replaced since it was issued; undefined for one of
 * another realm. Throws `Refusal`.
 */
export function admitHolder({ kdc, now }: Exchange, part: EncTicketPart): PrincipalEntry | undefined {
  const { cname, crealm } = part;
  const client = kdc.database.find(cname.nameString, crealm);
  if (client !== undefined) {
    admitClient(client, now);
    checkSameAccount(client, part);
  } else if (kdc.database.realm(crealm) !== undefined) {
    refuse(KDC_ERR_C_PRINCIPAL_UNKNOWN, 'CLIENT_NOT_FOUND');
  }
  return client;
}

/** Refuses a ticket that was issued to an earlier principal of the same name, which may be an alias now. */
export function checkSameAccount(
  { created, aliased, principal }: PrincipalEntry,
  { authtime, cname }: Pick<EncTicketPart, 'authtime' | 'cname'>,
): void {
  const isOlder = (time: Date | undefined): boolean =>
    // A ticket's time is in whole seconds.
    time !== undefined && authtime.getTime() < Math.floor(time.getTime() / 1000) * 1000;
  if (isOlder(created)) refuse(KDC_ERR_TGT_REVOKED, 'CLIENT_CREATED_SINCE');
  if (isOlder(aliased) && !sameName(cname, toPrincipalName(principal)))
    refuse(KDC_ERR_TGT_REVOKED, 'ALIAS_GIVEN_SINCE');
}

/** Refuses a service whose account is locked or has expired. */
export function admitServer({ policy }: PrincipalEntry, now: number): void {
  if (policy.locked) refuse(KDC_ERR_SERVICE_REVOKED, 'SERVICE_LOCKED_OUT');
  if (isPast(policy.expiration, now)) refuse(KDC_ERR_SERVICE_EXP, 'SERVICE_EXPIRED');
}

/** Refuses a client whose password has expired, except to change it. */
export function admitPassword(client: PrincipalEntry, server: PrincipalEntry, now: number): void {
  if (server.policy.passwordChangeService) return;
  if (isPast(client.policy.passwordExpiration, now)) refuse(KDC_ERR_KEY_EXPIRED, 'CLIENT_KEY_EXPIRED');
}

/** The shortest lifetimes that the realm and the principals concerned allow. */
export function longestLives(
  realm: RealmPolicy,
  policies: readonly PrincipalPolicy[],
): { readonly maxLife: number; readonly maxRenewableLife: number } {
  let { maxLife, maxRenewableLife } = realm;
  for (const policy of policies) {
    if (policy.maxLife !== undefined && policy.maxLife < maxLife) maxLife = policy.maxLife;
    if (policy.maxRenewableLife !== undefined && policy.maxRenewableLife < maxRenewableLife) {
      maxRenewableLife = policy.maxRenewableLife;
    }
  }
  return { maxLife, maxRenewableLife };
}

function isPast(time: Date | undefined, now: number): boolean {
  return time !== undefined && time.getTime() <= now;
}
