import type { InitialOptions } from '../client/initial.ts';
import type { Session } from './session.ts';

/** What krb5.conf sets for new ticket-granting tickets of a realm's clients and for getting them. */
export function ticketWishes({ config }: Session, realm: string | undefined) {
  const libdefaults = config.libdefaultsOf(realm);
  return {
    kdcTimesync: config.libdefaults.kdcTimesync,
    lifetime: libdefaults.ticketLifetime,
    renewLifetime: libdefaults.renewLifetime,
    forwardable: libdefaults.forwardable,
    proxiable: libdefaults.proxiable,
    canonicalize: libdefaults.canonicalize,
    preferredPreauthTypes: libdefaults.preferredPreauthTypes,
    spakeGroups: config.libdefaults.spakePreauthGroups,
  } satisfies Partial<InitialOptions>;
}
