import { GssError } from '../gss/gss-error.ts';
import { hostPrincipal } from '../local/host-principal.ts';
import type { Session } from '../local/session.ts';
import type { Principal } from '../messages/principal.ts';

/** A service by the name that applications use. */
export interface ServiceName {
  readonly service: string;
  /** The host's name as it was given; undefined for this host, whatever its name. */
  readonly host: string | undefined;
  /** Undefined if it is to be determined from the host. */
  readonly realm: string | undefined;
}

/**
 * The parts of `type@host`, of the `type/host` that Windows uses, or of `type`; the host may be followed by `@REALM`.
 * Throws GssError BAD_NAME for empty text.
 */
export function parseServiceName(text: string): ServiceName {
  const [, service, host, realm] = /^([^@/]*)(?:[@/]([^@]*)(?:@(.*))?)?$/s.exec(text) ?? [];
  if (text === '' || service === undefined) throw new GssError('BAD_NAME', `not a service name: "${text}"`);
  return { service, host: host || undefined, realm: realm || undefined };
}

/** The principal of a service; its realm is empty where the client's KDC is to determine it. */
export async function servicePrincipal(
  { service, host, realm }: ServiceName,
  session: Session,
): Promise<Principal> {
  const found = await hostPrincipal(service, host, session);
  return realm === undefined ? found : { ...found, realm };
}
