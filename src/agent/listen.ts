import { chmodSync, lstatSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { withLock } from '../ccache/lock.ts';
import { makeDirectory } from '../ccache/make-directory.ts';
import { errnoOf, systemReason } from '../errno.ts';
import { KerberosError } from '../errors.ts';

/** Where an agent listens. */
export interface AgentSocket {
  readonly path: string;
  /** A socket that another process, such as systemd, has bound to the path. */
  readonly fd?: number | undefined;
}

/** The socket that an agent listens on. */
export interface BoundSocket {
  /** Whether it is still there for clients to find; true where that cannot be determined. */
  isThere(): boolean;
  /** Removes it, unless that of another agent has taken its place. */
  remove(): void;
}

/** The maximum length of a socket's address, which is smallest on macOS. */
const MAX_PATH = 103;

/**
 * Listens on a socket that only its owner can reach, in a directory of mode 0700, created if needed. A socket that a
 * killed agent has left is replaced. Throws KerberosError AGENT_LISTEN, also if another agent answers.
 */
export async function listenPrivately(
  server: Server,
  { path, fd }: AgentSocket,
  { uid, dataDirectory }: { readonly uid: number; readonly dataDirectory: string },
): Promise<BoundSocket> {
  if (fd !== undefined) {
    await listen(server, { fd });
    return { isThere: () => true, remove: () => undefined };
  }
  if (Buffer.byteLength(path) > MAX_PATH) {
    throw failed(`The path of the socket is longer than ${MAX_PATH} bytes: ${path}`);
  }
  makePrivate(dirname(path), uid);
  // Two agents that start at the same time must not each take the other's socket for an abandoned one.
  return withLock(dataDirectory, path, async () => {
    if (await isAnswered(path)) throw failed(`Another agent listens on ${path}`);
    removeSocket(path);
    // Whoever else ends later must not remove it: Node removes what has the name with which a server began to listen.
    const first = join(dirname(path), `.krb5kit-${process.pid.toString(36)}`);
    removeSocket(first);
    await listen(server, { path: first });
    try {
      chmodSync(first, 0o600);
      renameSync(first, path);
      return boundSocket(path);
    } catch (error) {
      throw notListening(error);
    }
  });
}

function boundSocket(path: string): BoundSocket {
  const { dev, ino } = lstatSync(path);
  const isThere = (): boolean => {
    try {
      const found = lstatSync(path);
      return found.dev === dev && found.ino === ino;
    } catch (error) {
      // A file server may be out of reach for a while.
      return !['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');
    }
  };
  return {
    isThere,
    remove() {
      try {
        if (isThere()) rmSync(path, { force: true });
      } catch {
        // The next agent replaces it.
      }
    },
  };
}

/** Whether a process listens on a socket. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // A process with too many connections exists all the same.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EAGAIN'));
  });
}

/** Makes a private directory, mode 0700. Throws KerberosError AGENT_LISTEN for one that belongs to another user. */
export function makePrivate(directory: string, uid: number): void {
  try {
    makeDirectory(directory);
    const found = lstatSync(directory);
    if (!found.isDirectory() || found.uid !== uid) throw failed(`${directory} is not a directory of ours`);
    if ((found.mode & 0o077) !== 0) chmodSync(directory, 0o700);
  } catch (error) {
    if (error instanceof KerberosError) throw error;
    throw failed(`${directory} cannot be made private`, error);
  }
}

function removeSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw failed(`${path} is no socket`);
  unlinkSync(path);
}

function listen(server: Server, where: { readonly path: string } | { readonly fd: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => reject(notListening(error));
    server.once('error', refuse);
    server.listen(where, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

function notListening(error: unknown): KerberosError {
  return failed(`The socket cannot be listened on: ${systemReason(error)}`, error);
}

function failed(sentence: string, cause?: unknown): KerberosError {
  return new KerberosError('AGENT_LISTEN', sentence, { cause });
}
