import type { SecurityContext } from '../context.ts';
import { KRB5, MS_KRB5 } from '../oids.ts';

/** The object identifiers of Kerberos in a negotiation, the proper one first. */
export const KRB5_NAMES: readonly string[] = [KRB5, MS_KRB5];

/** A mechanism that can be negotiated. */
export interface NegotiableMechanism {
  /** Its object identifiers in dotted form, the preferred first. */
  readonly oids: readonly string[];
  /** Makes a new context of the mechanism. */
  create(): SecurityContext;
}

/** The mechanism with the object identifier `oid`. */
export function findMechanism(
  mechanisms: readonly NegotiableMechanism[],
  oid: string,
): NegotiableMechanism | undefined {
  return mechanisms.find(({ oids }) => oids.includes(oid));
}
