import { Readable } from 'node:stream';
import { KerberosError } from '../errors.ts';

/** The body of a request that may have to be sent several times. */
export interface ReplayBody {
  /** What to send next. */
  send(): unknown;
  /** Whether it can be sent again. */
  readonly replayable: boolean;
  /** Lets go of what has not been read, when nothing is to be sent any more. */
  end(): void;
}

/** The body of a dispatched request; of what is read piece by piece, up to `limit` bytes are held for the next time. */
export function replayBody(body: unknown, limit: number): ReplayBody {
  if (isReadPieceByPiece(body)) {
    // It may fail before it is read, and undici listens only to what it is given.
    if (body instanceof Readable) body.on('error', ignore);
    return new HeldBody(body, limit);
  }
  const replayable =
    body === undefined || body === null || typeof body === 'string' || ArrayBuffer.isView(body);
  return { send: () => body, replayable, end: ignore };
}

type Piece = string | Uint8Array;

class HeldBody implements ReplayBody {
  private readonly body: AsyncIterable<Piece>;
  private readonly source: AsyncIterator<Piece>;
  private readonly limit: number;
  private readonly held: (Piece | undefined)[] = [];
  private length = 0;
  private ended = false;
  private failed = false;
  private sendings = 0;
  /** Several sendings may wait for the same piece, since one that was broken off waits still. */
  private reading: Promise<void> | undefined;

  constructor(body: AsyncIterable<Piece>, limit: number) {
    this.body = body;
    this.source = body[Symbol.asyncIterator]();
    this.limit = limit;
  }

  get replayable(): boolean {
    return this.length <= this.limit && !this.failed;
  }

  async *send(): AsyncGenerator<Piece> {
    const sending = ++this.sendings;
    for (let at = 0; ; at++) {
      while (at >= this.held.length && !this.ended) await this.readOn();
      // An earlier sending, which has been broken off, may not take what the last one needs.
      if (at >= this.held.length || sending !== this.sendings) return;
      const piece = this.held[at];
      // The rest would pass for the whole.
      if (piece === undefined) throw new KerberosError('HTTP', 'The body is too long to be sent again');
      if (!this.replayable) this.held[at] = undefined;
      yield piece;
    }
  }

  end(): void {
    if (this.ended) return;
    // The end of its iterator would wait for what the stream has not read yet.
    if (this.body instanceof Readable) this.body.destroy();
    else this.source.return?.().catch(ignore);
  }

  private readOn(): Promise<void> {
    if (this.reading === undefined) {
      this.reading = this.read().finally(() => {
        this.reading = undefined;
      });
      // A sending that was broken off no longer waits for it.
      this.reading.catch(ignore);
    }
    return this.reading;
  }

  private async read(): Promise<void> {
    try {
      const { done, value } = await this.source.next();
      if (done) this.ended = true;
      else {
        this.held.push(value);
        this.length += Buffer.byteLength(value);
      }
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
}

function isReadPieceByPiece(body: unknown): body is AsyncIterable<Piece> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function ignore(): void {}
