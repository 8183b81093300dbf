import type { CacheContents } from '../ccache/ccache.ts';
import { configEntry, startRealmEntries } from '../ccache/config-entries.ts';
import { getInitialCredential, type InitialResult } from '../client/initial.ts';
import { notFound } from '../client/not-found.ts';
import type { Secret } from '../client/secret.ts';
import { defaultTgsEnctypes, defaultTktEnctypes } from '../config/enctypes.ts';
import { KerberosError } from '../errors.ts';
import { KDC_ERR_C_PRINCIPAL_UNKNOWN } from '../messages/error-codes.ts';
import { KdcError } from '../messages/krb-error.ts';
import { samePrincipal, tgsPrincipal } from '../messages/principal.ts';
import type { HostAddress } from '../messages/types.ts';
import { type Arguments, during } from './command.ts';
import { exchangeOptions } from './exchange.ts';
import type { Target } from './kinit-cache.ts';
import { warnOfPassword } from './kinit-warnings.ts';
import type { TimeWishes } from './kinit-wishes.ts';
import { printable, sentence } from './sentences.ts';
import { principalOf, type Session } from './session.ts';

interface InitialRequest {
  readonly args: Arguments;
  readonly target: Target;
  readonly wishes: TimeWishes;
  readonly withKeytab: boolean;
  say(line: string): void;
}

/** What the cache shall hold after an AS exchange as the command line wishes for it. */
export async function getInitial(request: InitialRequest, session: Session): Promise<CacheContents> {
  const { args, target, wishes, withKeytab } = request;
  const { libdefaults } = session.config;
  const service = args.value('S');
  const secret = withKeytab ? await keytabSecret(request, session) : passwordSecret(target, session);
  const result = await during('getting initial credentials', async () => {
    const options = {
      ...exchangeOptions(session, defaultTktEnctypes(session.config)),
      kdcTimesync: libdefaults.kdcTimesync,
      server:
        service === undefined
          ? undefined
          : principalOf(service, session, { defaultRealm: target.principal.realm }),
      lifetime: wishes.lifetime ?? libdefaults.ticketLifetime,
      renewLifetime: wishes.renewLifetime ?? libdefaults.renewLifetime,
      starttime: wishes.starttime,
      forwardable: either(args, 'forwardable', 'noforwardable') ?? libdefaults.forwardable,
      proxiable: either(args, 'proxiable', 'noproxiable') ?? libdefaults.proxiable,
      addresses:
        (either(args, 'addresses', 'noaddresses') ?? !libdefaults.noaddresses) ? await ownAddresses() : [],
      canonicalize: args.has('canonicalize') || libdefaults.canonicalize,
      pac: either(args, 'requestPac', 'noRequestPac'),
    };
    try {
      return await getInitialCredential(target.principal, secret, options);
    } catch (error) {
      throw inMitsWords(error, target);
    }
  });
  if (!withKeytab) await warnOfPassword(result, session.io);
  return contentsOf(result);
}

/** What the cache shall hold after its ticket has been renewed or validated: the new ticket alone. */
export async function againFrom(
  { cache, principal }: Target,
  again: 'renewing' | 'validating',
  service: string | undefined,
  session: Session,
): Promise<CacheContents> {
  const { credentials, kdcOffset } = await cache.load();
  const server =
    service === undefined
      ? tgsPrincipal(principal.realm)
      : principalOf(service, session, { defaultRealm: principal.realm });
  const old = credentials.find(
    credential => samePrincipal(credential.server, server) && samePrincipal(credential.client, principal),
  );
  if (old === undefined) throw notFound(cache);
  const options = { ...exchangeOptions(session, defaultTgsEnctypes(session.config)), kdcOffset };
  const { renewCredential, validateCredential } = await import('../client/renew.ts');
  const renewed = await (again === 'renewing' ? renewCredential : validateCredential)(old, options);
  return { principal, credentials: [...startRealmEntries(renewed), renewed], kdcOffset };
}

/**
 * The ticket, and before it what MIT notes: whether the KDC offers FAST, which pre-authentication it took, and the
 * realm to start from.
 */
function contentsOf({ credential, kdcOffset, fastAvailable, padataType }: InitialResult): CacheContents {
  const { client, server } = credential;
  const notes = [
    ...(fastAvailable ? [configEntry(client, 'fast_avail', server, 'yes')] : []),
    ...(padataType === undefined ? [] : [configEntry(client, 'pa_type', server, String(padataType))]),
    ...startRealmEntries(credential),
  ];
  return { principal: client, credentials: [...notes, credential], kdcOffset };
}

function passwordSecret({ name }: Target, { io }: Session): Secret {
  // The name may be that of a cache, which anybody may have put in the usual place.
  const prompt = `Password for ${printable(name)}: `;
  return { password: () => preauthentication(() => io.readPassword(prompt)) };
}

async function keytabSecret({ args, say }: InitialRequest, session: Session): Promise<Secret> {
  const { clientKeytab, defaultKeytab, namedKeytab } = await import('./keytabs.ts');
  const named = args.value('t');
  const keytab =
    named !== undefined
      ? namedKeytab(named, '')
      : args.has('i')
        ? clientKeytab(session)
        : defaultKeytab(session);
  if (named !== undefined) say(`Using keytab: ${named}`);
  return during('getting initial credentials', async () => ({
    keytab: await preauthentication(() => keytab.entries()),
  }));
}

/** What keeps the client from proving who it is, as MIT puts it. */
async function preauthentication<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KerberosError) || error.code === 'PASSWORD_INTERRUPTED') throw error;
    throw new KerberosError(error.code, `Pre-authentication failed: ${error.message}`, { cause: error });
  }
}

function inMitsWords(error: unknown, { name }: Target): unknown {
  if (!(error instanceof KdcError) || error.errorCode !== KDC_ERR_C_PRINCIPAL_UNKNOWN) return error;
  return new KerberosError('KDC_ERROR', `Client '${name}' not found in Kerberos database`, { cause: error });
}

/** The error for a cache that could not be written, though there is a ticket to be kept. */
export function failedToStore(error: unknown): unknown {
  if (!(error instanceof KerberosError)) return error;
  return new KerberosError(error.code, `Failed to store credentials: ${sentence(error)}`, { cause: error });
}

/** True or false as one of two opposite flags is given; undefined where neither is. */
function either(args: Arguments, yes: string, no: string): boolean | undefined {
  return args.has(yes) ? true : args.has(no) ? false : undefined;
}

/** The addresses of this host that others could see. */
async function ownAddresses(): Promise<readonly HostAddress[]> {
  const { hostAddresses } = await import('./host-addresses.ts');
  return hostAddresses();
}
