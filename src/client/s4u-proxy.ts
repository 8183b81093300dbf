import type { Credential } from '../messages/credential.ts';
import { CANONICALIZE, CNAME_IN_ADDL_TKT } from '../messages/flags.ts';
import { isTgs, type Principal, samePrincipal } from '../messages/principal.ts';
import { PA_PAC_OPTIONS, PaPacOptions, RESOURCE_BASED_CONSTRAINED_DELEGATION } from '../messages/s4u.ts';
import type { PaData } from '../messages/types.ts';
import { modified } from '../preauth/modified.ts';
import { inheritedOptions, type WalkOptions } from './referrals.ts';
import type { BehalfReply, OnBehalf } from './s4u-behalf.ts';
import { exchangeTgs } from './tgs.ts';

/** The ticket that a service presents as evidence of the user's request, and the service to reach. */
export interface Delegation {
  /** A ticket of the user for the service itself: one that the user presented, or one from S4U2Self. */
  readonly evidence: Credential;
  readonly server: Principal;
}

interface ProxyOptions extends WalkOptions {
  /** Returns the service's own ticket-granting ticket for another realm. */
  tgtFor(realm: string): Promise<Credential>;
}

/**
 * S4U2Proxy (MS-SFU 3.1.5.2): a ticket for `server` in the name of the evidence's client. The KDC decides whether the
 * service may have it, by what the service is allowed or by whom `server` allows. In the latter case, `server` may be
 * in another realm, to which the service's own refers. Throws what `exchangeTgs` throws.
 */
export async function requestByProxy(
  tgt: Credential,
  { evidence, server }: Delegation,
  options: ProxyOptions,
): Promise<Credential> {
  const home = server.realm === '' ? tgt.server.components[1]! : server.realm;
  const here = new ByProxy({ ...server, realm: home }, evidence.client);
  const credential = await ask(tgt, evidence.ticket, here, options);
  if (!here.refers) return credential;
  // In the other realm, the referral is the evidence, and our own ticket is the one presented.
  const realm = credential.server.components[1]!;
  options.trace?.(`Following referral to realm ${realm}`, { kind: 'referral', realm });
  const there = new ByProxy({ ...server, realm }, evidence.client, { mayRefer: false });
  const own = await options.tgtFor(realm);
  return ask(own, credential.ticket, there, { ...options, fast: false });
}

function ask(
  tgt: Credential,
  evidence: Uint8Array,
  onBehalf: ByProxy,
  options: WalkOptions,
): Promise<Credential> {
  const kdcOptions = inheritedOptions(tgt) | CANONICALIZE | CNAME_IN_ADDL_TKT;
  const request = { kdcOptions, additionalTickets: [evidence], fast: options.fast, onBehalf };
  return exchangeTgs(tgt, onBehalf.server, request, options);
}

const PAC_OPTIONS = PaPacOptions.encode({ flags: RESOURCE_BASED_CONSTRAINED_DELEGATION });

/** One request for a ticket by S4U2Proxy. */
class ByProxy implements OnBehalf {
  readonly server: Principal;
  /** Whether the reply was a referral. */
  refers = false;
  private readonly client: Principal;
  private readonly mayRefer: boolean;

  constructor(server: Principal, client: Principal, { mayRefer = true } = {}) {
    this.server = server;
    this.client = client;
    this.mayRefer = mayRefer;
  }

  padata(): readonly PaData[] {
    return [{ padataType: PA_PAC_OPTIONS, padataValue: PAC_OPTIONS }];
  }

  check(reply: BehalfReply): void {
    if (samePrincipal(reply.server, this.server)) {
      if (!samePrincipal(reply.client, this.client)) throw modified('another client');
    } else {
      // A KDC that does not know resource-based delegation would refer to the other realm as if we had asked for
      // ourselves.
      if (!this.mayRefer || !isTgs(reply.server) || !knowsResources(reply)) throw modified('another server');
      this.refers = true;
    }
  }
}

/** Whether the KDC says that it supports resource-based delegation (MS-SFU 3.2.5.2). */
function knowsResources({ encryptedPadata }: BehalfReply): boolean {
  const sent = encryptedPadata.find(({ padataType }) => padataType === PA_PAC_OPTIONS);
  if (sent === undefined) return false;
  return (PaPacOptions.decode(sent.padataValue).flags & RESOURCE_BASED_CONSTRAINED_DELEGATION) !== 0;
}
