import { KcmFailure } from '../ccache/kcm-failure.ts';
import { encodeFailure } from '../ccache/kcm-protocol.ts';
import type { SealedCaches } from '../ccache/sealed-caches.ts';

/** What was answered about the same caches before, by the request; gone with them. */
export type Replies = WeakMap<SealedCaches, Map<string, Reply>>;

interface Reply {
  readonly bytes: Buffer;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface Question {
  readonly request: Uint8Array;
  readonly caches: SealedCaches;
  now(): Date;
}

interface MadeReply {
  readonly bytes: Uint8Array;
  readonly until?: Date | undefined;
}

/** Longer ones take longer to send than to make. */
const MAX_REPLY = 16 << 10;
const MAX_REQUEST = 1 << 10;
/** Programs ask the same few questions; whoever asks many others is given no memory for it. */
const MAX_REPLIES = 200;
const FOREVER = Number.POSITIVE_INFINITY;

/** The reply to a question that has the same one until the caches change, or until a time that `make` tells. */
export function replyOnce(
  { request, caches, now }: Question,
  replies: Replies,
  make: () => MadeReply,
): Uint8Array {
  if (request.length > MAX_REQUEST) return make().bytes;
  const key = bufferOf(request).toString('latin1');
  let known = replies.get(caches);
  const found = known?.get(key);
  if (found !== undefined && (found.until === FOREVER || now().getTime() < found.until)) return found.bytes;
  const { bytes, until } = madeOrRefused(make);
  if (bytes.length > MAX_REPLY) return bytes;
  if (known === undefined || known.size >= MAX_REPLIES) {
    known = new Map();
    replies.set(caches, known);
  }
  known.set(key, { bytes: bufferOf(bytes), until: until?.getTime() ?? FOREVER });
  return bytes;
}

/** That there is nothing to be found takes as long to find out. */
function madeOrRefused(make: () => MadeReply): MadeReply {
  try {
    return make();
  } catch (error) {
    if (error instanceof KcmFailure) return { bytes: encodeKcmFailure(error) };
    throw error;
  }
}

/** The reply to what could not be done. */
export function encodeKcmFailure({ result, sentence }: KcmFailure): Uint8Array {
  return encodeFailure(result, sentence);
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
