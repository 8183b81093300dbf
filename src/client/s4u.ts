import type { CacheContents, Ccache } from '../ccache/ccache.ts';
import type { Credential } from '../messages/credential.ts';
import { NT_ENTERPRISE } from '../messages/numbers.ts';
import { type Principal, samePrincipal, tgsPrincipal } from '../messages/principal.ts';
import type { Journey, WalkOptions } from './referrals.ts';
import { type Delegation, requestByProxy } from './s4u-proxy.ts';
import { findUserRealm } from './s4u-realm.ts';
import { requestForUser } from './s4u-self.ts';
import { findValid, getServiceCredential, runErrand, type ServiceOptions } from './service.ts';
import { inTurn } from './service-request.ts';

/** The user in whose name a service asks for a ticket: identified by name, by certificate (DER), or by both. */
export interface S4uUser {
  /** A name of type NT_ENTERPRISE is sent to the KDCs to find the user's realm. */
  readonly name?: Principal | undefined;
  readonly certificate?: Uint8Array | undefined;
}

/**
 * A ticket for the cache's own principal, a service, in the name of a user (S4U2Self, MS-SFU 3.1.5.1.1): from the cache
 * if it holds one for the same user, else from the KDCs. Throws what `getServiceCredential` throws, and KerberosError
 * S4U_IGNORED where the KDC ignored the user.
 */
export async function getCredentialForUser(
  cache: Ccache,
  user: S4uUser,
  options: ServiceOptions,
): Promise<Credential> {
  const { name, certificate } = user;
  if (name === undefined && certificate === undefined) throw new TypeError('a name or a certificate');
  const errand = {
    find: (contents: CacheContents) => name && findForUser(contents, name, options),
    async request(tgt: Credential, walkOptions: WalkOptions) {
      const isKnown = name !== undefined && name.nameType !== NT_ENTERPRISE;
      const realm = isKnown ? name.realm : await findUserRealm(user, tgt.client.realm, walkOptions);
      const identity = { realm, name: name && { ...name, realm }, certificate };
      const home = tgt.server.components[1]!;
      if (realm === home) return alone(await requestForUser(tgt, identity, walkOptions));
      const there = await getServiceCredential(cache, tgsPrincipal(realm, home), options);
      return alone(await requestForUser(there, identity, { ...walkOptions, fast: false }));
    },
  };
  return runErrand(cache, errand, options);
}

/**
 * A ticket for `server` in the name of the client of `evidence`, a ticket for the cache's own principal (S4U2Proxy,
 * MS-SFU 3.1.5.2): from the cache if it was obtained with the same evidence, else from the KDC. Throws what
 * `getServiceCredential` throws; the KDC answers KDC_ERR_BADOPTION to a service that is not allowed to.
 */
export function getCredentialByProxy(
  cache: Ccache,
  { evidence, server }: Delegation,
  options: ServiceOptions,
): Promise<Credential> {
  const byEvidence = ({ client, isSkey, secondTicket, ...credential }: Credential) =>
    samePrincipal(credential.server, server) &&
    samePrincipal(client, evidence.client) &&
    !isSkey &&
    Buffer.compare(secondTicket, evidence.ticket) === 0;
  const errand = {
    find: (contents: CacheContents) => findValid(contents, byEvidence, options),
    async request(tgt: Credential, walkOptions: WalkOptions) {
      const home = tgt.server.components[1]!;
      const tgtFor = (realm: string) => getServiceCredential(cache, tgsPrincipal(realm, home), options);
      const byProxy = (name: Principal) =>
        requestByProxy(tgt, { evidence, server: name }, { ...walkOptions, tgtFor });
      return alone(await inTurn(server, walkOptions, byProxy));
    },
    keepAs: { server, secondTicket: evidence.ticket },
  };
  return runErrand(cache, errand, options);
}

/** A ticket for the cache's own principal that an earlier S4U2Self has stored. */
function findForUser(
  contents: CacheContents,
  name: Principal,
  options: ServiceOptions,
): Credential | undefined {
  const forUser = ({ client, server, isSkey }: Credential) =>
    samePrincipal(server, contents.principal) && samePrincipal(client, name) && !isSkey;
  return findValid(contents, forUser, options);
}

function alone(credential: Credential): Journey {
  return { credential, onTheWay: [] };
}
