import { formatPrincipal, parsePrincipal } from '../../messages/principal.ts';

interface Named {
  readonly name: string;
  readonly policy?: string | undefined;
}

interface Principals {
  readonly users?: readonly Named[] | undefined;
  readonly services?: readonly Named[] | undefined;
  readonly policies?: object | undefined;
}

/**
 * Throws an Error that names the member for two principals of one name, of which one would silently replace the other,
 * and for a password policy that does not exist, which would demand nothing.
 */
export function checkPrincipals(
  { users = [], services = [], policies = {} }: Principals,
  path: string,
): void {
  const known = new Set<string>();
  for (const [kind, list] of Object.entries({ users, services })) {
    for (const [i, { name, policy }] of list.entries()) {
      const place = `number ${i + 1} in ${kind} of ${path}`;
      const plain = formatPrincipal(parsePrincipal(name, { defaultRealm: '' }), { realm: false });
      if (known.has(plain)) throw new Error(`${place} has the name of another`);
      known.add(plain);
      if (policy !== undefined && !Object.hasOwn(policies, policy))
        throw new Error(`policy of ${place} is none of the policies of ${path}`);
    }
  }
}
