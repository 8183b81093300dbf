import { connect, type Socket } from 'node:net';
import { CcacheError } from '../../errors.ts';
import { KcmFailure } from './failure.ts';
import type { Shape, ValuesOf } from './fields.ts';
import { KcmFrames } from './frames.ts';
import { decodeReply, encodeRequest, KCM, type KcmReply, type Operation } from './protocol.ts';

/** A connection to a KCM server, which carries one request after the other. */
export interface KcmConnection {
  /** Throws CcacheError CACHE_IO if the connection is lost, and KcmFailure. */
  call<Q extends Shape, R extends Shape>(asked: Operation<Q, R>, values: ValuesOf<Q>): Promise<ValuesOf<R>>;
}

/** In seconds. */
export interface KcmPatience {
  /** For an answer: the server may have to ask its user to unlock a keychain. */
  readonly answer: number;
  /** For a sign of life in the meantime. */
  readonly sign: number;
}

const PATIENCE: KcmPatience = { answer: 60, sign: 8 };
const CONNECT_PATIENCE = 5;

/** Connects, does `work`, and disconnects. Throws CcacheError CACHE_IO if there is no server, or it does not answer. */
export async function withKcm<T>(
  path: string,
  work: (kcm: KcmConnection) => Promise<T>,
  patience: KcmPatience = PATIENCE,
): Promise<T> {
  const socket = await open(path);
  try {
    const frames = new KcmFrames('replies');
    return await work({
      async call(asked, values) {
        socket.write(encodeRequest(asked, values));
        const reply: KcmReply<ValuesOf<typeof asked.reply>> = decodeReply(
          asked,
          await watched(next(socket, frames, patience.answer), path, patience),
        );
        if ('values' in reply) return reply.values;
        const named = 'name' in values && typeof values.name === 'string' ? values.name : '';
        throw new KcmFailure(reply.result, `KCM:${named}`, reply.sentence);
      },
    });
  } finally {
    socket.destroy();
  }
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const overdue = setTimeout(() => socket.destroy(new Error('no answer')), CONNECT_PATIENCE * 1000);
    socket.once('connect', () => {
      clearTimeout(overdue);
      socket.removeAllListeners('error');
      // An error between two requests is reported by the next one.
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(overdue);
      reject(new CcacheError('CACHE_IO', reason(cause.code), 'KCM:', { cause }));
    });
  });
}

/** MIT's words. */
function reason(errno: string | undefined): string {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'No KCM server found';
    case 'ECONNREFUSED':
      return 'Connection refused';
    case 'EACCES':
    case 'EPERM':
      return 'Permission denied';
    default:
      return 'The KCM server cannot be reached';
  }
}

/** Gives up waiting if the server does not even answer that it is alive. */
async function watched<T>(waiting: Promise<T>, path: string, { sign }: KcmPatience): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const dead = new Promise<never>((_, reject) => {
    const look = async (): Promise<void> => {
      if (await isAlive(path, sign / 4)) timer?.refresh();
      else reject(silent());
    };
    timer = setTimeout(() => void look(), sign * 1000);
  });
  try {
    return await Promise.race([waiting, dead]);
  } finally {
    clearTimeout(timer);
    timer = undefined;
  }
}

/** Any answer proves it, even that the operation is unknown. */
async function isAlive(path: string, seconds: number): Promise<boolean> {
  try {
    const socket = await open(path);
    try {
      socket.write(encodeRequest(KCM.NOOP, {}));
      await next(socket, new KcmFrames('replies'), seconds);
    } finally {
      socket.destroy();
    }
    return true;
  } catch {
    return false;
  }
}

/** Not attributed to a cache, which would then be taken for a broken one and replaced. */
function silent(): CcacheError {
  return new CcacheError('CACHE_IO', 'The KCM server did not answer in time');
}

function next(socket: Socket, frames: KcmFrames, seconds: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(overdue);
      socket.off('data', receive).off('error', broken).off('close', ended);
      settle();
    };
    const fail = (sentence: string, cause?: unknown): void =>
      finish(() => reject(new CcacheError('CACHE_IO', sentence, 'KCM:', { cause })));
    const broken = (cause: Error): void => fail('The connection to the KCM server broke', cause);
    const ended = (): void => fail('The KCM server closed the connection');
    const overdue = setTimeout(() => finish(() => reject(silent())), seconds * 1000);
    const receive = (chunk: Uint8Array): void => {
      try {
        frames.push(chunk);
        const frame = frames.next();
        if (frame !== undefined) finish(() => resolve(frame));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    socket.on('data', receive).on('error', broken).on('close', ended);
    if (socket.destroyed) ended();
  });
}
