import { connect, type Socket } from 'node:net';
import { CcacheError } from '../../errors.ts';
import { KcmFailure } from './failure.ts';
import type { Shape, ValuesOf } from './fields.ts';
import { KcmFrames } from './frames.ts';
import { decodeReply, encodeRequest, KCM, type KcmReply, MAX_KCM_BYTES, type Operation } from './protocol.ts';

/** A connection to a KCM server, which carries one request after the other. */
export interface KcmConnection {
  /**
   * Throws KcmFailure, KcmDisconnected, after which only what was too long can be followed by another call, and
   * CcacheError CACHE_IO if there is no answer in time.
   */
  call<Q extends Shape, R extends Shape>(asked: Operation<Q, R>, values: ValuesOf<Q>): Promise<ValuesOf<R>>;
}

/** In seconds. */
export interface KcmPatience {
  /** For an answer: the server may have to ask its user to unlock a keychain. */
  readonly answer: number;
  /** For a sign of life in the meantime. */
  readonly sign: number;
}

/** The server broke the connection instead of answering. */
export class KcmDisconnected extends CcacheError {
  /** Whether the length of the request is the likely reason. */
  readonly tooLong: boolean;

  constructor(sentence: string, request: Uint8Array, cause?: unknown) {
    const tooLong = request.length > SHORT_REQUEST;
    const reason = tooLong ? `; it seems to accept no request of ${request.length} bytes` : '';
    super('CACHE_IO', `${sentence}${reason}`, 'KCM:', { cause });
    this.tooLong = tooLong;
  }
}

/** Bytes that every server accepts; Heimdal's disconnects on requests of more than 128 KiB, SSSD's of more than 216. */
const SHORT_REQUEST = 100_000;
const PATIENCE: KcmPatience = { answer: 60, sign: 8 };
const CONNECT_PATIENCE = 5;

/** Connects, does `work`, and disconnects. Throws CcacheError CACHE_IO if there is no server, or it does not answer. */
export async function withKcm<T>(
  path: string,
  work: (kcm: KcmConnection) => Promise<T>,
  patience: KcmPatience = PATIENCE,
): Promise<T> {
  let socket = await open(path);
  let frames = new KcmFrames('replies');
  try {
    return await work({
      async call(asked, values) {
        const request = encodeRequest(asked, values);
        if (request.length > MAX_KCM_BYTES) throw overlong();
        const answer = ask(socket, frames, request, patience.answer);
        const reply: KcmReply<ValuesOf<typeof asked.reply>> = decodeReply(
          asked,
          await watched(answer, path, patience).catch(reconnect),
        );
        if ('values' in reply) return reply.values;
        const named = 'name' in values && typeof values.name === 'string' ? values.name : '';
        throw new KcmFailure(reply.result, `KCM:${named}`, reply.sentence);
      },
    });
  } finally {
    socket.destroy();
  }

  async function reconnect(error: unknown): Promise<never> {
    if (error instanceof KcmDisconnected && error.tooLong) {
      socket = await open(path);
      frames = new KcmFrames('replies');
    }
    throw error;
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
      await ask(socket, new KcmFrames('replies'), encodeRequest(KCM.NOOP, {}), seconds);
    } finally {
      socket.destroy();
    }
    return true;
  } catch {
    return false;
  }
}

function overlong(): CcacheError {
  return new CcacheError(
    'CACHE_IO',
    `KCM servers accept no request of more than ${MAX_KCM_BYTES} bytes`,
    'KCM:',
  );
}

/** Not attributed to a cache, which would then be taken for a broken one and replaced. */
function silent(): CcacheError {
  return new CcacheError('CACHE_IO', 'The KCM server did not answer in time');
}

function ask(socket: Socket, frames: KcmFrames, request: Uint8Array, seconds: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    socket.write(request);
    const finish = (settle: () => void): void => {
      clearTimeout(overdue);
      socket.off('data', receive).off('error', broken).off('close', ended);
      settle();
    };
    const fail = (sentence: string, cause?: unknown): void =>
      finish(() => reject(new KcmDisconnected(sentence, request, cause)));
    const broken = (cause: Error): void => fail('The KCM server broke the connection', cause);
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
