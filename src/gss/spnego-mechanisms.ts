import type { SecurityContext } from './context.ts';
import { KRB5, MS_KRB5 } from './oids.ts';

/** The names that Kerberos goes by in a negotiation, the right one first. */
export const KRB5_NAMES: readonly string[] = [KRB5, MS_KRB5];

/** A mechanism that a negotiation may end in. */
export interface NegotiableMechanism {
  /** Its object identifiers in dotted form, the preferred first. */
  readonly oids: readonly string[];
  /** A new context of it, of which no step has been taken. */
  create(): SecurityContext;
}

/** The mechanism that goes by the name of `oid`. */
export function findMechanism(
  mechanisms: readonly NegotiableMechanism[],
  oid: string,
): NegotiableMechanism | undefined {
  return mechanisms.find(({ oids }) => oids.includes(oid));
}
