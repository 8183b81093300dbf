import type { CcacheEnvironment, Keychain } from '../ccache/ccache.ts';
import { ActivityError } from '../cli/command.ts';
import type { Io } from '../cli/terminal.ts';
import { type Config, createConfig } from '../config/config.ts';
import { defaultConfigFiles, loadProfile, splitConfigPath } from '../config/load.ts';
import { KerberosError } from '../errors.ts';
import {
  formatPrincipal,
  type ParsePrincipalOptions,
  type Principal,
  parsePrincipal,
} from '../messages/principal.ts';
import { type Decision, recordDecisions, type Trace } from '../trace.ts';
import { dataDirectory, temporaryDirectory } from './directories.ts';
import { traceFile } from './trace-file.ts';
import { userName } from './user/name.ts';

/** What commands share: the configuration and the user's caches, found by way of the environment. */
export interface Session {
  readonly io: Io;
  readonly config: Config;
  readonly caches: CcacheEnvironment;
  /** Called with each decision: KRB5_TRACE shows them, and explanations of errors use them. */
  readonly trace: Trace;
  /** The decisions so far. */
  readonly decisions: Decision[];
}

/** The session of each `Io`, for explanations of errors. */
const sessions = new WeakMap<Io, Session>();

/** The session that a command has opened; undefined if it failed earlier. */
export function sessionOf(io: Io): Session | undefined {
  return sessions.get(io);
}

/** How a command describes its activity in error messages and while it runs. */
interface Opening {
  readonly activity?: string;
  readonly joint?: string;
  /** Returns another trace that is called with each decision. */
  readonly follow?: (io: Io) => Trace;
}

/** Reads the configuration. Throws what is wrong with it, `while initializing krb5` if the command has no other words. */
export function openSession(io: Io, opening: Opening = {}): Session {
  const { decisions, trace } = recordDecisions(() => io.now(), both(traceFile(io), opening.follow?.(io)));
  const config = readConfig(io, trace, opening);
  let keychain: Promise<Keychain> | undefined;
  const session: Session = {
    io,
    config,
    trace,
    decisions,
    caches: {
      get dataDirectory() {
        return dataDirectory(io);
      },
      keychain() {
        // One for the whole command, so that key and passphrase are asked for only once.
        keychain ??= import('./user/keychain.ts').then(({ openRememberedKeychain }) =>
          openRememberedKeychain(io, dataDirectory(io)),
        );
        return keychain;
      },
      get kcmSocket() {
        return config.libdefaults.kcmSocket;
      },
    },
  };
  // An `Io` may be derived from another, for example if stdout is for JSON, and errors are reported with the original
  // one.
  for (
    let world: Io | null = io;
    world !== null && world !== Object.prototype;
    world = Object.getPrototypeOf(world)
  ) {
    sessions.set(world, session);
  }
  return session;
}

function both(first: Trace | undefined, second: Trace | undefined): Trace | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return (text, fact) => {
    first(text, fact);
    second(text, fact);
  };
}

/** Parses a principal named on the command line; the realm may be omitted if a default is configured or published. */
export async function principalOf(
  text: string,
  session: Session,
  options: ParsePrincipalOptions = {},
): Promise<Principal> {
  const { config, trace } = session;
  const asTyped = parsedAlone(text, options);
  if (asTyped !== undefined) {
    const { realm } = asTyped;
    const found = text.endsWith(`@${realm}`) ? 'the name itself' : "the client's realm";
    trace(`Realm of ${formatPrincipal(asTyped)} by ${found}`, { kind: 'realm', realm, found });
    return asTyped;
  }
  const place = config.profile.where('libdefaults', 'default_realm');
  const found = place === undefined ? 'dns_lookup_realm' : `default_realm, ${place.file}:${place.line}`;
  const principal = parsePrincipal(text, { ...options, defaultRealm: await defaultRealmOf(session) });
  const { realm } = principal;
  trace(`Realm of ${formatPrincipal(principal)} by ${found}`, { kind: 'realm', realm, found });
  return principal;
}

/** The principal, if its realm is in the text or the options; otherwise undefined. */
function parsedAlone(text: string, options: ParsePrincipalOptions): Principal | undefined {
  try {
    return parsePrincipal(text, options);
  } catch (error) {
    if (error instanceof KerberosError && error.code === 'CONFIG_NO_DEFAULT_REALM') return undefined;
    throw error;
  }
}

/** The configured default realm, else, with `dns_lookup_realm`, the one that DNS publishes for this host. */
export async function defaultRealmOf(session: Session): Promise<string | undefined> {
  const { defaultRealm, dnsLookupRealm } = session.config.libdefaults;
  if (defaultRealm !== undefined || !dnsLookupRealm) return defaultRealm;
  const { publishedRealm } = await import('./published-realm.ts');
  return publishedRealm(session);
}

/** The principal named like the operating system's user. */
export async function userPrincipal(session: Session): Promise<Principal> {
  return principalOf(userName().replace(/[\\/@]/g, '\\$&'), session);
}

function readConfig(io: Io, trace: Trace, { activity = 'initializing krb5', joint }: Opening): Config {
  const { env } = io;
  const listed = env.KRB5_CONFIG;
  const files =
    listed === undefined
      ? defaultConfigFiles(io.platform, { home: env.HOME, programData: env.ProgramData })
      : splitConfigPath(listed, io.platform);
  try {
    const profile = loadProfile(files);
    const from = listed === undefined ? 'the usual files' : 'KRB5_CONFIG';
    const skipped = profile.warnings.filter(({ line }) => line === 0).map(({ file }) => file);
    const gone = skipped.length === 0 ? '' : `, of which ${skipped.join(', ')} cannot be read`;
    trace(`Configuration by ${from}: ${files.join(', ')}${gone}`, { kind: 'config', files, from, skipped });
    return createConfig(profile, {
      uid: io.uid ?? 0,
      euid: io.uid ?? 0,
      get username() {
        return userName();
      },
      temp: temporaryDirectory(io),
    });
  } catch (error) {
    throw new ActivityError(activity, error, joint);
  }
}
