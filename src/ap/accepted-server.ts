import { type Principal, samePrincipal } from '../messages/principal.ts';

/** A service by the first component of its name and, unless any host will do, its host. */
export interface ServiceName {
  readonly service: string;
  readonly host?: string | undefined;
}

/** A service by its principal or by part of its name. */
export type AcceptedServer = Principal | ServiceName;

/** Whether a service is among those to accept; every one is if not given. */
export function isAccepted(
  server: Principal,
  wanted: AcceptedServer | readonly AcceptedServer[] | undefined,
): boolean {
  if (wanted === undefined) return true;
  if (Array.isArray(wanted)) return wanted.some(one => isServer(server, one));
  return isServer(server, wanted as AcceptedServer);
}

function isServer(server: Principal, wanted: AcceptedServer): boolean {
  if (!('service' in wanted)) return samePrincipal(server, wanted);
  const [service, host] = server.components;
  return service === wanted.service && (wanted.host === undefined || host === wanted.host);
}
