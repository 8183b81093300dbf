import type { CacheContents, Ccache } from '../../ccache/ccache.ts';
import { startRealmEntries } from '../../ccache/config-entries.ts';
import { doesFast } from '../../client/fast-available.ts';
import { getInitialCredential, type InitialOptions } from '../../client/initial.ts';
import { initialContents } from '../../client/initial-contents.ts';
import { notFound } from '../../client/not-found.ts';
import { readOnce, type Secret } from '../../client/secret.ts';
import { printable } from '../../codec/text.ts';
import { defaultTgsEnctypes } from '../../config/enctypes.ts';
import { KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import type { ArmorWishes } from '../../local/anonymous-armor.ts';
import { withArmor } from '../../local/auto-armor.ts';
import { isAbsent } from '../../local/caches/named-caches.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { confirmedByPrimary } from '../../local/primary-kdc.ts';
import { sentence } from '../../local/sentences.ts';
import { principalOf } from '../../local/session.ts';
import { isAnonymous } from '../../messages/anonymous.ts';
import { KDC_ERR_C_PRINCIPAL_UNKNOWN, KDC_ERR_KEY_EXPIRED } from '../../messages/error-codes.ts';
import { clientNotFound } from '../../messages/error-sentences.ts';
import { KdcError } from '../../messages/krb-error.ts';
import { type Principal, samePrincipal, tgsPrincipal } from '../../messages/principal.ts';
import type { HostAddress } from '../../messages/types.ts';
import type { Transport } from '../../transport/transport.ts';
import { autoArmor, obtainArmor } from '../auto-armor.ts';
import type { Arguments } from '../command.ts';
import type { Session } from '../session.ts';
import type { Target } from './cache.ts';
import { requestedEnctypes } from './enctypes.ts';
import { warnOfPassword } from './warnings.ts';
import type { TimeWishes } from './wishes.ts';

interface InitialRequest {
  readonly args: Arguments;
  readonly target: Target;
  readonly wishes: TimeWishes;
  readonly withKeytab: boolean;
  /** How the client authenticates; determined by the options if not given. */
  readonly secret?: Secret | undefined;
  say(line: string): void;
}

/** The new contents of the cache after an AS exchange with the options of the command line. */
export async function getInitial(request: InitialRequest, session: Session): Promise<CacheContents> {
  const { args, target, wishes, withKeytab } = request;
  const libdefaults = session.config.libdefaultsOf(target.principal.realm);
  const service = args.value('S');
  const earlier = await earlierPreauthTypes(request, session);
  const secret =
    request.secret ?? (withKeytab ? await keytabSecret(request, session) : passwordSecret(target, session));
  const result = await during('getting initial credentials', async () => {
    const exchange = exchangeOptions(session, requestedEnctypes(args, session));
    const options = {
      ...exchange,
      transport: preparing(target.cache, exchange.transport),
      kdcTimesync: session.config.libdefaults.kdcTimesync,
      server:
        service === undefined
          ? undefined
          : await principalOf(service, session, { defaultRealm: target.principal.realm }),
      lifetime: wishes.lifetime ?? libdefaults.ticketLifetime,
      renewLifetime: wishes.renewLifetime ?? libdefaults.renewLifetime,
      starttime: wishes.starttime,
      forwardable: either(args, 'forwardable', 'noforwardable') ?? libdefaults.forwardable,
      proxiable: either(args, 'proxiable', 'noproxiable') ?? libdefaults.proxiable,
      addresses:
        (either(args, 'addresses', 'noaddresses') ?? !libdefaults.noaddresses)
          ? await ownAddresses(session)
          : [],
      canonicalize: args.has('canonicalize') || libdefaults.canonicalize,
      pac: either(args, 'requestPac', 'noRequestPac'),
      preferredPreauthTypes: [...earlier, ...(libdefaults.preferredPreauthTypes ?? [])],
      spakeGroups: session.config.libdefaults.spakePreauthGroups,
      armor: await armorOf(request, session),
      ask: (prompt: string) => session.io.readPassword(prompt),
      pkinit: await pkinitOf(request, session),
      anonymous: args.has('n'),
    };
    try {
      // A job that supplies the password in a file or pipe does not supply a new one there.
      const final = request.secret !== undefined && !session.io.stdinIsTerminal;
      return await withFreshPassword({ secret, final }, target, session, known =>
        confirmedByPrimary(target.principal.realm, session, (transport = options.transport) =>
          withArmor(armorWishes(request), session, { ...options, transport }, each =>
            getInitialCredential(target.principal, known, each),
          ),
        ),
      );
    } catch (error) {
      throw inMitsWords(error, target);
    }
  });
  if (!withKeytab) await warnOfPassword(result, session.io);
  return initialContents(result);
}

/** Prepares the cache while the KDC works on the second request, which is usually the last one. */
function preparing(cache: Ccache, transport: Transport): Transport {
  let requests = 0;
  return (realm, request, signal) => {
    requests += 1;
    if (requests === 2) setImmediate(() => cache.prepare?.());
    return transport(realm, request, signal);
  };
}

/** Runs an exchange; if the password has expired, asks the user for a new one and runs it once more. */
async function withFreshPassword<T>(
  { secret, final }: { readonly secret: Secret; readonly final: boolean },
  { principal }: Target,
  session: Session,
  exchange: (known: Secret) => Promise<T>,
): Promise<T> {
  const known = readOnce(secret);
  try {
    return await exchange(known);
  } catch (error) {
    const expired = error instanceof KdcError && error.errorCode === KDC_ERR_KEY_EXPIRED;
    if (!expired || final || !('password' in known)) throw error;
    const { replaceExpiredPassword } = await import('../expired-password.ts');
    const password = await replaceExpiredPassword(principal, known.password, session);
    // For a realm without a password server, MIT reports that a server is not known there.
    if (password === undefined) throw error;
    return exchange({ password: async () => password });
  }
}

/** The new contents of the cache after its ticket has been renewed or validated: the new ticket alone. */
export async function againFrom(
  { cache, principal }: Target,
  again: 'renewing' | 'validating',
  service: string | undefined,
  session: Session,
): Promise<CacheContents> {
  const contents = await loadToRenew(cache);
  const { credentials, kdcOffset } = contents;
  const server =
    service === undefined
      ? tgsPrincipal(principal.realm)
      : await principalOf(service, session, { defaultRealm: principal.realm });
  const old = credentials.find(
    credential => samePrincipal(credential.server, server) && samePrincipal(credential.client, principal),
  );
  if (old === undefined) throw notFound(cache);
  const fast = doesFast(contents, old.server);
  const options = { ...exchangeOptions(session, defaultTgsEnctypes(session.config)), kdcOffset, fast };
  const { renewCredential, validateCredential } = await import('../../client/renew.ts');
  const renewed = await (again === 'renewing' ? renewCredential : validateCredential)(old, options);
  return { principal, credentials: [...startRealmEntries(renewed), renewed], kdcOffset };
}

function passwordSecret({ name, principal }: Target, session: Session): Secret {
  if (isAnonymous(principal)) return { password: () => preauthentication(nobodysPassword, session) };
  // The name may come from a cache file, which anybody could have put in the usual place.
  const prompt = `Password for ${printable(name)}: `;
  return { password: () => preauthentication(() => session.io.readPassword(prompt), session) };
}

async function nobodysPassword(): Promise<never> {
  throw new KerberosError('PREAUTH_FAILED', 'the KDC offers no anonymous PKINIT');
}

async function keytabSecret({ args, target, say }: InitialRequest, session: Session): Promise<Secret> {
  const { clientKeytab, defaultKeytab, namedKeytab } = await import('../../local/keytabs.ts');
  const named = args.value('t');
  const keytab =
    named !== undefined
      ? namedKeytab(named, { joint: '' })
      : args.has('i')
        ? clientKeytab(session, { activity: 'resolving default client keytab', joint: '' })
        : defaultKeytab(session, { activity: 'getting initial credentials' });
  if (named !== undefined) say(`Using keytab: ${named}`);
  const { realm } = target.principal;
  try {
    const entries = await keytab.entries();
    // A host whose realm is unknown uses its keys of any realm; finding the KDC then fails.
    const asItsOwn = (principal: Principal): Principal =>
      samePrincipal({ ...principal, realm }, target.principal) ? target.principal : principal;
    return {
      keytab:
        realm === '' ? entries.map(each => ({ ...each, principal: asItsOwn(each.principal) })) : entries,
    };
  } catch (error) {
    // The KDC decides whether a key is needed, and may not know the client at all: so the error waits until then.
    return { password: () => preauthentication(() => Promise.reject(error), session) };
  }
}

/** The contents of the cache. If a cache that is not a file is missing, MIT does not name it. */
async function loadToRenew(cache: Ccache): Promise<CacheContents> {
  try {
    return await cache.load();
  } catch (error) {
    if (!isAbsent(error) || cache.type === 'FILE' || cache.type === 'DIR') throw error;
    throw new KerberosError('CACHE_NOT_FOUND', 'No credentials cache found', { cause: error });
  }
}

/** Rephrases an error that prevents pre-authentication as MIT does if the KDC requires it. */
async function preauthentication<T>(work: () => Promise<T>, { decisions }: Session): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KerberosError) || error.code === 'PASSWORD_INTERRUPTED') throw error;
    if (!decisions.some(({ fact }) => fact?.kind === 'mechanism')) throw error;
    throw new KerberosError(error.code, `Pre-authentication failed: ${error.message}`, { cause: error });
  }
}

function inMitsWords(error: unknown, { name }: Target): unknown {
  if (!(error instanceof KdcError) || error.errorCode !== KDC_ERR_C_PRINCIPAL_UNKNOWN) return error;
  return new KerberosError('KDC_ERROR', clientNotFound(name), { cause: error });
}

/** The error for a cache that could not be written after the ticket was obtained. */
export function failedToStore(error: unknown): unknown {
  if (!(error instanceof KerberosError)) return error;
  return new KerberosError(error.code, `Failed to store credentials: ${sentence(error)}`, { cause: error });
}

/** The pre-authentication types of the ticket in the cache of -I, if the cache exists and records them. */
async function earlierPreauthTypes(
  { args, target }: InitialRequest,
  session: Session,
): Promise<readonly number[]> {
  const name = args.value('I');
  if (name === undefined) return [];
  const { notedPreauthTypes } = await import('./input-cache.ts');
  return notedPreauthTypes(name, target.principal.realm, session);
}

/** The armor cache of -T, of any type, which need not exist before it is used; else an anonymous ticket if wanted. */
async function armorOf(request: InitialRequest, session: Session): Promise<InitialOptions['armor']> {
  const { args } = request;
  const name = args.value('T');
  if (name !== undefined) {
    const { openArmor } = await import('./armor.ts');
    return openArmor(name, session);
  }
  if (args.has('n')) return undefined;
  const named = args.has('anonymousArmor') || args.has('pkAnonFastArmor');
  return (named ? obtainArmor : autoArmor)(armorWishes(request), session);
}

function armorWishes({ args, target }: InitialRequest): ArmorWishes {
  const prefix = 'X509_anchors=';
  const anchors = args.values('X').filter(text => text.startsWith(prefix));
  return { realm: target.principal.realm, anchors: anchors.map(text => text.slice(prefix.length)) };
}

/** PKINIT, if the command line or krb5.conf asks for it. */
async function pkinitOf(
  { args, target, say, withKeytab }: InitialRequest,
  session: Session,
): Promise<InitialOptions['pkinit']> {
  const client = target.principal;
  const anonymous = args.has('n') && isAnonymous(client);
  const { profile } = session.config;
  const places = [['realms', client.realm], ['libdefaults', client.realm], ['libdefaults']];
  const configured =
    !withKeytab && places.some(place => profile.first(...place, 'pkinit_identities') !== undefined);
  if (!anonymous && !args.has('X') && !configured) return undefined;
  const { pkinitOptions } = await import('./pkinit.ts');
  return pkinitOptions({ client, anonymous, attributes: args.values('X'), say }, session);
}

/** True or false if one of two opposite flags is given; undefined without either. */
function either(args: Arguments, yes: string, no: string): boolean | undefined {
  return args.has(yes) ? true : args.has(no) ? false : undefined;
}

/** The addresses of this host except loopback ones, and those that krb5.conf adds. */
async function ownAddresses({ config }: Session): Promise<readonly HostAddress[]> {
  const { hostAddresses } = await import('../host-addresses.ts');
  return hostAddresses(config.libdefaults.extraAddresses);
}
