import type { Key } from '../crypto/key.ts';
import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { CANONICALIZE } from '../messages/flags.ts';
import { NT_ENTERPRISE } from '../messages/numbers.ts';
import { isTgs, type Principal, samePrincipal } from '../messages/principal.ts';
import { readyKey } from '../messages/ready-key.ts';
import type { PaData } from '../messages/types.ts';
import { modified } from '../preauth/modified.ts';
import { inheritedOptions, RealmsSeen, type WalkOptions } from './referrals.ts';
import type { BehalfReply, OnBehalf } from './s4u-behalf.ts';
import { paForUser, S4uX509Exchange, type UserIdentity } from './s4u-padata.ts';
import { exchangeTgs } from './tgs.ts';

/**
 * S4U2Self (MS-SFU 3.1.5.1.1): a ticket for the client of `tgt`, a service, in the name of a user in the realm that
 * `tgt` is for, whose KDC may refer to others on the way to the service's realm. Throws what `exchangeTgs` throws, and
 * KerberosError S4U_IGNORED where the KDC ignored the user.
 */
export async function requestForUser(
  tgt: Credential,
  user: UserIdentity,
  options: WalkOptions,
): Promise<Credential> {
  const service = tgt.client;
  const seen = new RealmsSeen(service);
  let identity = user;
  for (let presented = tgt; ; ) {
    const here = presented.server.components[1]!;
    seen.add(here);
    // A foreign realm knows the service by its full name, and refers to its realm.
    const server = here === service.realm ? service : { ...asEnterprise(service), realm: here };
    const behalf = new ForUser(identity, { service, server, sessionKey: readyKey(presented.key) });
    const kdcOptions = inheritedOptions(presented) | CANONICALIZE;
    const fast = options.fast && presented === tgt;
    const credential = await exchangeTgs(presented, server, { kdcOptions, onBehalf: behalf, fast }, options);
    if (samePrincipal(credential.server, service)) return credential;
    const realm = credential.server.components[1]!;
    options.trace?.(`Following referral to realm ${realm}`, { kind: 'referral', realm });
    // The certificate is for the user's own realm, which has stated the name by now.
    identity = { realm: behalf.user?.realm ?? user.realm, name: behalf.user };
    presented = credential;
  }
}

/** A principal's name with its realm as a single component, for foreign realms. */
function asEnterprise({ components, realm }: Principal): Principal {
  return { nameType: NT_ENTERPRISE, components: [`${components.join('/')}@${realm}`], realm };
}

interface ForUserContext {
  /** The service's own name, and the name by which the current realm is asked for it. */
  readonly service: Principal;
  readonly server: Principal;
  /** The session key of the presented ticket. */
  readonly sessionKey: Key;
}

/** One request for a ticket in a user's name. */
class ForUser implements OnBehalf {
  /** The user's name: the one in the request until a KDC authenticates another. */
  user: Principal | undefined;
  private readonly identity: UserIdentity;
  private readonly context: ForUserContext;
  private exchange: S4uX509Exchange | undefined;

  constructor(identity: UserIdentity, context: ForUserContext) {
    this.identity = identity;
    this.user = identity.name;
    this.context = context;
  }

  padata(nonce: number, subkey: Key): readonly PaData[] {
    this.exchange = new S4uX509Exchange(this.identity, nonce, subkey);
    const { name } = this.identity;
    const { padata } = this.exchange;
    return name === undefined ? [padata] : [padata, paForUser(name, this.context.sessionKey)];
  }

  check(reply: BehalfReply): void {
    const { service, server } = this.context;
    const vouched = this.exchange?.vouchedUser(reply);
    if (vouched !== undefined) {
      // A KDC canonicalizes the names of its own users and leaves others unchanged.
      const own = this.identity.realm === server.realm && vouched.realm === server.realm;
      if (!own && !(this.user && samePrincipal(vouched, this.user))) throw modified('another user');
      this.user = vouched;
    }
    if (samePrincipal(reply.server, service)) {
      if (samePrincipal(reply.client, service)) throw ignored();
      if (!this.user || !samePrincipal(reply.client, this.user)) throw modified('another client');
    } else {
      if (!isTgs(reply.server)) throw modified('another server');
      if (!samePrincipal(reply.client, service)) throw modified('another client');
    }
  }
}

function ignored(): KerberosError {
  return new KerberosError('S4U_IGNORED', 'KDC has no support for padata type');
}
