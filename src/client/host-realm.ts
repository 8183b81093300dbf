import { NT_SRV_HST } from '../messages/numbers.ts';
import type { Principal } from '../messages/principal.ts';
import type { ServiceOptions } from './service.ts';

/**
 * A service of a host in the realm that [domain_realm] assigns to the host, if it has no realm yet; where none is
 * assigned, the realm stays empty, and the client's KDC is asked (RFC 6806 §8). Any other principal stays as it is.
 */
export function inRealmOfHost(
  server: Principal,
  options: Pick<ServiceOptions, 'realmOfHost' | 'transport'>,
): Principal {
  const [, host] = server.components;
  if (server.realm !== '' || server.nameType !== NT_SRV_HST || host === undefined) return server;
  const realmOfHost = options.realmOfHost ?? options.transport.realmOfHost;
  // A port may follow, as in the names of SQL Server; an address of IPv6 has several colons.
  const realm = realmOfHost?.(host.replace(/^([^:]+):[^:]+$/, '$1'));
  return realm === undefined ? server : { ...server, realm };
}
