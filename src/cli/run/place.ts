import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Ccache } from '../../ccache/ccache.ts';
import { resolveCcache } from '../../ccache/resolve.ts';
import { printable } from '../../codec/text.ts';
import { systemReason } from '../../errno.ts';
import { CcacheError, KerberosError } from '../../errors.ts';
import { temporaryDirectory } from '../../local/directories.ts';
import { sentence } from '../../local/sentences.ts';
import { agentEnvironment, agentKrb5Conf } from '../agent/paths.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { startWipeWatchdog, type WipeWatchdog } from '../wipe-watchdog.ts';

/** A cache that nobody else uses, and that is removed when we end. */
export interface PrivatePlace {
  readonly cache: Ccache;
  /** The variables by which a program finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** Names a program that uses it, which gets a SIGHUP if we are killed. */
  usedBy(pid: number): void;
  close(): Promise<void>;
}

interface PrivateOptions {
  /** Our own name, for messages. */
  readonly program: string;
  /** Whether it is in the memory of an agent instead of a file. */
  readonly memory: boolean;
}

/**
 * Makes a private cache in a directory of mode 0700. If we are killed, a watchdog removes it. Throws KerberosError
 * CACHE_IO and AGENT_LISTEN.
 */
export async function makePrivatePlace(
  { program, memory }: PrivateOptions,
  session: Session,
): Promise<PrivatePlace> {
  const { io } = session;
  const places = possiblePlaces(memory, io);
  // Started before there is anything to remove, so that nothing remains whenever we are killed.
  const watchdog = startWipeWatchdog(places, io.platform);
  const directory = makeFirst(places, watchdog);
  const remove = (): void => {
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      io.err(printable(`${program}: Cannot remove ${directory}: ${systemReason(error)}`).concat('\n'));
    }
    watchdog.dismiss();
  };
  try {
    const kept = await (memory ? inMemory : inFile)(directory, program, session);
    return {
      ...kept,
      usedBy: pid => watchdog.hangUpOn(pid),
      async close() {
        try {
          await kept.close();
        } finally {
          remove();
        }
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

type Kept = Pick<PrivatePlace, 'cache' | 'env' | 'close'>;

async function inFile(directory: string, program: string, { caches, io }: Session): Promise<Kept> {
  const name = `FILE:${join(directory, 'krb5cc')}`;
  // The locks are in there, too, so that none remain in the data directory.
  const cache = await resolveCcache(name, { ...caches, dataDirectory: directory });
  return {
    cache,
    env: { KRB5CCNAME: name },
    async close() {
      try {
        await cache.destroy();
      } catch (error) {
        if (error instanceof CcacheError && error.code === 'CACHE_NOT_FOUND') return;
        io.err(printable(`${program}: Cannot wipe ${name}: ${sentence(error)}`).concat('\n'));
      }
    },
  };
}

/** A cache in an agent that runs in this process. */
async function inMemory(directory: string, program: string, { caches, io }: Session): Promise<Kept> {
  if (io.uid === undefined)
    throw new KerberosError('AGENT_LISTEN', 'There are no KCM clients on this system');
  const [{ startAgent }, { memoryStore }] = await Promise.all([
    import('../../agent/agent.ts'),
    import('../../agent/store.ts'),
  ]);
  // Heimdal's clients know the socket by this name alone.
  const socket = join(directory, '.heim_org.h5l.kcm-socket');
  const krb5Conf = join(directory, 'krb5.conf');
  const env = agentEnvironment({ directory, krb5Conf }, io);
  writeConfiguration(krb5Conf, socket);
  const agent = await startAgent({
    socket: { path: socket },
    store: memoryStore(),
    uid: io.uid,
    pid: io.pid,
    dataDirectory: directory,
    now: () => io.now(),
    log: line => io.err(`${printable(`${program}: ${line}`)}\n`),
  });
  const cache = await resolveCcache('KCM:', { ...caches, dataDirectory: directory, kcmSocket: socket });
  return { cache, env, close: () => agent.close() };
}

function writeConfiguration(path: string, socket: string): void {
  try {
    writeFileSync(path, agentKrb5Conf({ socket }), { mode: 0o600 });
  } catch (cause) {
    throw new KerberosError('CACHE_IO', `Cannot write ${path}: ${systemReason(cause)}`, { cause });
  }
}

/** Directories to try: first one in the runtime directory, which is not on a disk, if it belongs to the user. */
function possiblePlaces(memory: boolean, io: Io): readonly string[] {
  const runtime = io.env.XDG_RUNTIME_DIR;
  const parents = [...(runtime !== undefined && isOurs(runtime, io) ? [runtime] : []), temporaryPlace(io)];
  // KRB5_CONFIG lists files with colons between them, and a file's name in krb5.conf ends with its line.
  const usable = memory ? parents.filter(parent => !/[:\r\n]/.test(parent)) : parents;
  if (usable.length === 0)
    throw new KerberosError(
      'CACHE_IO',
      `Names of files in ${parents.join(' or ')} cannot be used in a configuration`,
    );
  const name = `krb5kit-run-${randomBytes(8).toString('hex')}`;
  return usable.map(parent => join(parent, name));
}

function makeFirst(places: readonly string[], watchdog: WipeWatchdog): string {
  let failure: unknown;
  for (const place of places) {
    try {
      mkdirSync(place, { mode: 0o700 });
      return place;
    } catch (error) {
      failure = error;
    }
  }
  watchdog.dismiss();
  const parents = places.map(place => dirname(place));
  const reason = `Cannot make a directory in ${parents.join(' or ')}: ${systemReason(failure)}`;
  throw new KerberosError('CACHE_IO', reason, { cause: failure });
}

/** Anybody else who may write to it could replace our directory with another. */
function isOurs(directory: string, { uid }: Io): boolean {
  if (!directory.startsWith('/')) return false;
  try {
    const found = statSync(directory);
    return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** An absolute path, which stays valid for a command that changes its directory. */
function temporaryPlace(io: Io): string {
  const named = temporaryDirectory(io) || '/tmp';
  return isAbsolute(named) ? named : resolve(io.cwd, named);
}
