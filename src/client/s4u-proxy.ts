import type { Credential } from '../messages/credential.ts';
import { CANONICALIZE, CNAME_IN_ADDL_TKT } from '../messages/flags.ts';
import { type Principal, samePrincipal } from '../messages/principal.ts';
import { PA_PAC_OPTIONS, PaPacOptions, RESOURCE_BASED_CONSTRAINED_DELEGATION } from '../messages/s4u.ts';
import { modified } from '../preauth/modified.ts';
import { inheritedOptions, type WalkOptions } from './referrals.ts';
import { exchangeTgs } from './tgs.ts';

/** A ticket that a service shows as evidence of a user's wish, and the other service that it is to reach. */
export interface Delegation {
  /** A ticket of the user's for the service itself: one that the user sent, or one of S4U2Self. */
  readonly evidence: Credential;
  readonly server: Principal;
}

const PAC_OPTIONS = PaPacOptions.encode({ flags: RESOURCE_BASED_CONSTRAINED_DELEGATION });

/**
 * S4U2Proxy (MS-SFU 3.1.5.2): a ticket for `server` in the name of the evidence's client; whether its service may have it
 * is for the KDC to say, by what the service is allowed or by whom `server` allows. Throws what `exchangeTgs` throws.
 */
export function requestByProxy(
  tgt: Credential,
  { evidence, server }: Delegation,
  options: WalkOptions,
): Promise<Credential> {
  const realm = server.realm === '' ? tgt.server.components[1]! : server.realm;
  return exchangeTgs(
    tgt,
    { ...server, realm },
    {
      kdcOptions: inheritedOptions(tgt) | CANONICALIZE | CNAME_IN_ADDL_TKT,
      additionalTickets: [evidence.ticket],
      fast: options.fast,
      onBehalf: {
        padata: () => [{ padataType: PA_PAC_OPTIONS, padataValue: PAC_OPTIONS }],
        check(reply) {
          if (!samePrincipal(reply.client, evidence.client)) throw modified('another client');
          if (!samePrincipal(reply.server, { ...server, realm })) throw modified('another server');
        },
      },
    },
    options,
  );
}
