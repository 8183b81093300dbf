import { NT_WELLKNOWN } from './numbers.ts';
import type { Principal } from './principal.ts';

/** RFC 8062 §3: the realm of an anonymous client. */
export const ANONYMOUS_REALM = 'WELLKNOWN:ANONYMOUS';
const COMPONENTS = ['WELLKNOWN', 'ANONYMOUS'];

/** The anonymous principal of a realm (RFC 8062 §3). */
export function anonymousPrincipal(realm: string): Principal {
  return { nameType: NT_WELLKNOWN, components: COMPONENTS, realm };
}

/** Whether a principal is the anonymous one of any realm. */
export function isAnonymous({ components }: Principal): boolean {
  return components.length === 2 && COMPONENTS.every((component, i) => component === components[i]);
}
