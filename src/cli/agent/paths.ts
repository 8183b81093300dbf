import { join, resolve } from 'node:path';
import { defaultConfigFiles, splitConfigPath } from '../../config/load.ts';
import { dataDirectory } from '../../local/directories.ts';
import type { Io } from '../terminal.ts';

/** Where this user's agent is found. */
export interface AgentPaths {
  /** Mode 0700. */
  readonly directory: string;
  /** Named as Heimdal's clients expect it in HEIM_IPC_DIR. */
  readonly socket: string;
  readonly krb5Conf: string;
  /** The log of an agent in the background. */
  readonly log: string;
}

/** In KRB5KIT_HOME, else in XDG_RUNTIME_DIR, else in the data directory. */
export function agentPaths(io: Io): AgentPaths {
  const { KRB5KIT_HOME: own, XDG_RUNTIME_DIR: runtime } = io.env;
  const inRuntime = !own && runtime?.startsWith('/');
  const directory = inRuntime ? join(runtime!, 'krb5kit') : resolve(io.cwd, dataDirectory(io), 'agent');
  return {
    directory,
    socket: join(directory, '.heim_org.h5l.kcm-socket'),
    krb5Conf: join(directory, 'krb5.conf'),
    log: join(directory, 'log'),
  };
}

/** The configuration that makes native programs keep their tickets with the agent. */
export function agentKrb5Conf({ socket }: Pick<AgentPaths, 'socket'>): string {
  return `[libdefaults]\n  kcm_socket = ${socket}\n  default_ccache_name = KCM:\n`;
}

/** Shell lines that put this configuration before the existing one. */
export function agentExports(paths: Pick<AgentPaths, 'directory' | 'krb5Conf'>, io: Io): string {
  return Object.entries(agentEnvironment(paths, io))
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
}

/** The variables by which programs find the agent; Heimdal's clients need the last one. */
export function agentEnvironment(
  { directory, krb5Conf }: Pick<AgentPaths, 'directory' | 'krb5Conf'>,
  { env, platform }: Io,
): Readonly<Record<string, string>> {
  const others =
    env.KRB5_CONFIG === undefined
      ? defaultConfigFiles(platform, { home: env.HOME })
      : splitConfigPath(env.KRB5_CONFIG, platform);
  const files = [krb5Conf, ...others.filter(file => file !== krb5Conf)];
  return { KRB5_CONFIG: files.join(':'), KRB5CCNAME: 'KCM:', HEIM_IPC_DIR: directory };
}

function quote(text: string): string {
  return /^[\w/.:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
