import type { Credential } from '../messages/credential.ts';
import { FORWARDABLE, FORWARDED } from '../messages/flags.ts';
import type { HostAddress } from '../messages/types.ts';
import { inheritedOptions } from './referrals.ts';
import type { RenewOptions } from './renew.ts';
import { exchangeTgs } from './tgs.ts';

export interface ForwardOptions extends RenewOptions {
  /** Whether the ticket may be forwarded again; true if not given. */
  readonly forwardable?: boolean | undefined;
  /** The addresses that it may be used from; any if not given. */
  readonly addresses?: readonly HostAddress[] | undefined;
}

/**
 * A ticket-granting ticket for another host to use, obtained with a forwardable one (RFC 4120 §2.6). Throws what
 * `exchangeTgs` throws; the KDC answers KDC_ERR_BADOPTION to a ticket that is not forwardable.
 */
export function forwardCredential(tgt: Credential, options: ForwardOptions): Promise<Credential> {
  const { forwardable = true, addresses, fast } = options;
  const inherited = inheritedOptions(tgt) & ~FORWARDABLE;
  const kdcOptions = inherited | FORWARDED | (forwardable ? FORWARDABLE : 0);
  return exchangeTgs(tgt, tgt.server, { kdcOptions, addresses, fast }, options);
}
