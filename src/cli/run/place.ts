import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Ccache } from '../../ccache/ccache.ts';
import { resolveCcache } from '../../ccache/resolve.ts';
import { CcacheError, KerberosError } from '../../errors.ts';
import { agentEnvironment, agentKrb5Conf } from '../agent/paths.ts';
import { temporaryDirectory } from '../directories.ts';
import { fileReason } from '../file-reason.ts';
import { printable, sentence } from '../sentences.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { startWipeWatchdog } from '../wipe-watchdog.ts';

/** A cache that nobody else uses, and that is gone with us. */
export interface PrivatePlace {
  readonly cache: Ccache;
  /** The variables by which a program finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** Has a program that uses it be told, by SIGHUP, should we be killed. */
  usedBy(pid: number): void;
  close(): Promise<void>;
}

export interface PrivateOptions {
  /** Ours, for messages. */
  readonly program: string;
  /** In the memory of an agent rather than in a file. */
  readonly memory: boolean;
}

/**
 * Makes one in a directory of mode 0700. Whoever kills us leaves it to the watchdog to remove it. Throws KerberosError
 * CACHE_IO, and AGENT_LISTEN.
 */
export async function makePrivatePlace(
  { program, memory }: PrivateOptions,
  session: Session,
): Promise<PrivatePlace> {
  const { io } = session;
  const directory = makeDirectory(memory, io);
  const watchdog = startWipeWatchdog([directory], io.platform);
  const remove = (): void => {
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      io.err(printable(`${program}: Cannot remove ${directory}: ${fileReason(error)}`).concat('\n'));
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
  // The locks, too, are in there, and nothing is left of them in the data directory.
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

/** An agent in this process, which ends with it. */
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
    throw new KerberosError('CACHE_IO', `Cannot write ${path}: ${fileReason(cause)}`, { cause });
  }
}

/** In the runtime directory, which is not on a disk, where there is one that is the user's own. */
function makeDirectory(memory: boolean, io: Io): string {
  const runtime = io.env.XDG_RUNTIME_DIR;
  const parents = [...(runtime !== undefined && isOurs(runtime, io) ? [runtime] : []), temporaryPlace(io)];
  // Files of the configuration are named with colons between them, one line for each.
  const usable = memory ? parents.filter(parent => !/[:\r\n]/.test(parent)) : parents;
  if (usable.length === 0)
    throw new KerberosError('CACHE_IO', `No configuration can name a file in ${parents.join(' or ')}`);
  let failure: unknown;
  for (const parent of usable) {
    try {
      return mkdtempSync(join(parent, 'krb5kit-run-'));
    } catch (error) {
      failure = error;
    }
  }
  const reason = `Cannot make a directory in ${parents.join(' or ')}: ${fileReason(failure)}`;
  throw new KerberosError('CACHE_IO', reason, { cause: failure });
}

/** Whoever else may write to it could put another directory in the place of ours. */
function isOurs(directory: string, { uid }: Io): boolean {
  if (!directory.startsWith('/')) return false;
  try {
    const found = statSync(directory);
    return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** As an absolute path, which is the same one to a command that moves elsewhere. */
function temporaryPlace(io: Io): string {
  const named = temporaryDirectory(io) || '/tmp';
  return isAbsolute(named) ? named : resolve(io.cwd, named);
}
