import { userInfo } from 'node:os';
import type { Ccache, CcacheEnvironment, Keychain } from '../ccache/ccache.ts';
import { type Config, createConfig } from '../config/config.ts';
import { defaultConfigFiles, loadProfile, splitConfigPath } from '../config/load.ts';
import { type ParsePrincipalOptions, type Principal, parsePrincipal } from '../messages/principal.ts';
import { ActivityError } from './command.ts';
import { dataDirectory, temporaryDirectory } from './directories.ts';
import type { Io } from './terminal.ts';

/** What commands share: the configuration and the user's caches, found by the environment. */
export interface Session {
  readonly io: Io;
  readonly config: Config;
  readonly caches: CcacheEnvironment;
}

/** Reads the configuration. Throws what is wrong with it, `while initializing krb5`. */
export function openSession(io: Io): Session {
  const config = readConfig(io);
  let keychain: Promise<Keychain> | undefined;
  return {
    io,
    config,
    caches: {
      get dataDirectory() {
        return dataDirectory(io);
      },
      keychain() {
        // One for the whole command, which asks for key and passphrase once.
        keychain ??= import('./user-keychain.ts').then(({ openRememberedKeychain }) =>
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

/** Parses a principal named on the command line; the realm may be left out where a default is configured. */
export function principalOf(text: string, session: Session, options: ParsePrincipalOptions = {}): Principal {
  return parsePrincipal(text, { defaultRealm: session.config.libdefaults.defaultRealm, ...options });
}

/** The principal that the operating system's name of the user makes. */
export function userPrincipal(session: Session): Principal {
  return principalOf(userInfo().username.replace(/[\\/@]/g, '\\$&'), session);
}

/** A cache by the name that `-c` gives; `activity` is what the command does with it, for an error to tell. */
export async function namedCache(
  name: string,
  session: Session,
  activity = `resolving ccache ${name}`,
): Promise<Ccache> {
  try {
    const { resolveCcache } = await import('../ccache/resolve.ts');
    return await resolveCcache(name, session.caches);
  } catch (error) {
    throw new ActivityError(activity, error);
  }
}

function readConfig(io: Io): Config {
  const { env } = io;
  const listed = env.KRB5_CONFIG;
  const files =
    listed === undefined
      ? defaultConfigFiles(io.platform, { home: env.HOME, programData: env.ProgramData })
      : splitConfigPath(listed, io.platform);
  try {
    return createConfig(loadProfile(files), {
      uid: io.uid ?? 0,
      euid: io.uid ?? 0,
      get username() {
        return userInfo().username;
      },
      temp: temporaryDirectory(io),
    });
  } catch (error) {
    throw new ActivityError('initializing krb5', error);
  }
}
