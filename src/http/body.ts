import { addAbortSignal, Readable } from 'node:stream';

/** Bytes, which can be sent again, or a stream, which cannot. */
export type Body = Uint8Array | Readable | undefined;

interface HoldOptions {
  /** How many bytes to hold back at most. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a stream up to `limit` bytes; resolves to its bytes if it ends before, else to a stream of everything. */
export async function heldBack(body: Body, { limit, signal }: HoldOptions): Promise<Body> {
  if (!(body instanceof Readable)) return body;
  if (signal !== undefined) addAbortSignal(signal, body);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const source = body[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await source.next();
    if (done) return Buffer.concat(chunks);
    const chunk = typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array);
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) return Readable.from(rejoined(chunks, source), { objectMode: false });
  }
}

async function* rejoined(
  chunks: readonly Uint8Array[],
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  yield* { [Symbol.asyncIterator]: () => source };
}
