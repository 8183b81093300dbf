import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CacheContents } from '../../src/ccache/ccache.ts';
import { isConfigEntry } from '../../src/ccache/config-entries.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { type Ran, runBuilt, startBuilt } from './built-commands.ts';
import { NO_KEYRINGS } from './no-keyrings.ts';

/** A realm whose user has tickets that could be lost. */
export interface CrashLab {
  /** A ticket-granting ticket of alice's and one for host/kept.example. */
  readonly tickets: CacheContents;
  /**
   * Makes an empty home directory for the user; in the name of its default cache, `~` stands for it, and `environment`
   * is added to that of its commands.
   */
  home(cache: string, environment?: NodeJS.ProcessEnv): Home;
  stop(): Promise<void>;
}

export interface Home {
  readonly directory: string;
  /** The directory of locks and sealed tickets. */
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command, with the password on standard input; `trap` is from killPoint. */
  run(command: readonly string[], trap?: NodeJS.ProcessEnv): Promise<Ran>;
}

const services = ['host/kept.example', 'host/wanted.example'];
const users = ['alice', 'bob'].map(name => ({ name, password: 'wonderland', enctypes: ['aes256-cts'] }));

export async function startCrashLab(): Promise<CrashLab> {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-crash-'));
  const conf = join(folder, 'krb5.conf');
  const realm = join(folder, 'realm.json');
  writeFileSync(realm, JSON.stringify({ realm: 'CRASH.TEST', users, services }));
  const options = ['--quiet', '--principals', realm, '--krb5-conf', conf];
  const kdc = await startBuilt('krb5kit', ['kdc', ...options], { HOME: folder }, /ready on/);

  const home = (cache: string, environment: NodeJS.ProcessEnv = {}): Home => {
    const directory = mkdtempSync(join(folder, 'home-'));
    const data = join(directory, 'data');
    for (const name of ['tmp', 'run', 'cc']) mkdirSync(join(directory, name), { mode: 0o700 });
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      ...NO_KEYRINGS,
      ...environment,
      LC_ALL: 'C',
      HOME: directory,
      // Logout looks for caches there.
      TMPDIR: join(directory, 'tmp'),
      XDG_RUNTIME_DIR: join(directory, 'run'),
      KRB5_CONFIG: conf,
      KRB5KIT_HOME: data,
      KRB5CCNAME: cache.replace('~', directory),
    };
    return {
      directory,
      data,
      env,
      run([name, ...args], trap) {
        return runBuilt(name!, args, { env: { ...env, ...trap }, input: 'wonderland\n' });
      },
    };
  };

  const first = home('FILE:~/cc/cc');
  for (const command of [
    ['kinit', 'alice'],
    ['kvno', 'host/kept.example'],
  ]) {
    const { status, stderr } = await first.run(command);
    if (status !== 0) throw new Error(stderr);
  }
  return {
    tickets: CcacheFile.decode(readFileSync(join(first.directory, 'cc/cc'))),
    home,
    async stop() {
      await kdc.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The principal of a cache and the services of its tickets; throws for an incomplete one. */
export function holdings({ principal, credentials, truncated }: CacheContents): string {
  if (truncated === true) throw new Error('the cache breaks off');
  const names = credentials
    .filter(credential => !isConfigEntry(credential))
    .map(({ server }) => server.components.join('/'));
  return [`${formatPrincipal(principal).split('@')[0]}:`, ...names].join(' ');
}

/** The `holdings` of a cache file; empty if there is none. */
export function fileHoldings(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    return '';
  }
  return holdings(CcacheFile.decode(bytes));
}

/** The paths of all files below a directory, sorted. */
export function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}
