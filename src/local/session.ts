import type { CcacheEnvironment, Keychain } from '../ccache/ccache.ts';
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
import { ActivityError } from './activity.ts';
import { dataDirectory, temporaryDirectory } from './directories.ts';
import type { Surroundings } from './surroundings.ts';
import { traceFile } from './trace-file.ts';
import { userName } from './user/name.ts';

/** The configuration and the user's caches, found by way of the environment, and the surroundings they were found in. */
export interface Session<S extends Surroundings = Surroundings> {
  readonly io: S;
  readonly config: Config;
  readonly caches: CcacheEnvironment;
  /** Called with each decision: KRB5_TRACE shows them, and explanations of errors use them. */
  readonly trace: Trace;
  /** The decisions so far. */
  readonly decisions: Decision[];
}

/** How errors describe the activity, and who follows it. */
export interface Opening {
  readonly activity?: string;
  readonly joint?: string;
  /** Called with each decision, too. */
  readonly follow?: Trace | undefined;
}

/** Reads the configuration. Throws what is wrong with it, `while initializing krb5` without other words. */
export function openSession<S extends Surroundings>(io: S, opening: Opening = {}): Session<S> {
  const { decisions, trace } = recordDecisions(() => io.now(), both(traceFile(io), opening.follow));
  const config = readConfig(io, trace, opening);
  let keychain: Promise<Keychain> | undefined;
  return {
    io,
    config,
    trace,
    decisions,
    caches: {
      get dataDirectory() {
        return dataDirectory(io);
      },
      keychain() {
        // One for the whole session, so that key and passphrase are asked for only once.
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
}

function both(first: Trace | undefined, second: Trace | undefined): Trace | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return (text, fact) => {
    first(text, fact);
    second(text, fact);
  };
}

/** Parses the name of a principal; the realm may be omitted if a default is configured or published. */
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

function readConfig(
  io: Surroundings,
  trace: Trace,
  { activity = 'initializing krb5', joint }: Opening,
): Config {
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
