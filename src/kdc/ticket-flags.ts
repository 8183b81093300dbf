import {
  ALLOW_POSTDATE,
  ANONYMOUS,
  FORWARDABLE,
  FORWARDED,
  HW_AUTHENT,
  INVALID,
  MAY_POSTDATE,
  OK_AS_DELEGATE,
  POSTDATED,
  PRE_AUTHENT,
  PROXIABLE,
  PROXY,
  RENEWABLE,
} from '../messages/flags.ts';
import type { PrincipalPolicy } from './policy.ts';

/** Options that set the ticket flags of the same bits. */
const OPTIONS_THAT_ARE_FLAGS = FORWARDABLE | FORWARDED | PROXIABLE | PROXY | ALLOW_POSTDATE | POSTDATED;
/** Flags that derived tickets inherit. */
const INHERITED = FORWARDED | PROXY | PRE_AUTHENT | HW_AUTHENT | ANONYMOUS;

interface FlagSources {
  readonly kdcOptions: number;
  /** Flags besides the requested ones, such as INITIAL. */
  readonly earned: number;
  /** The flags of the ticket that the new one rests on. */
  readonly header: number;
  readonly renewable: boolean;
  /** The policies of the service and, in an AS exchange or in the name of a user, of the client. */
  readonly policies: readonly PrincipalPolicy[];
  readonly server: PrincipalPolicy;
}

/** The options that tickets in a client's name are not granted, as nobody may act in that name. */
export function withheldFrom({ notDelegated }: PrincipalPolicy): number {
  return notDelegated ? FORWARDABLE | PROXIABLE : 0;
}

/** The flags of a new ticket (RFC 4120 §2 and §5.3); requested ones that are not allowed are omitted. */
export function ticketFlags({
  kdcOptions,
  earned,
  header,
  renewable,
  policies,
  server,
}: FlagSources): number {
  let flags = (kdcOptions & OPTIONS_THAT_ARE_FLAGS) | (header & INHERITED) | earned;
  if (flags & POSTDATED) flags |= INVALID;
  if (renewable) flags |= RENEWABLE;
  if (server.okAsDelegate) flags |= OK_AS_DELEGATE;
  for (const policy of policies) {
    if (policy.disallowForwardable) flags &= ~FORWARDABLE;
    if (policy.disallowProxiable) flags &= ~PROXIABLE;
    if (policy.disallowPostdated) flags &= ~MAY_POSTDATE;
  }
  return flags >>> 0;
}
