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
  if (isReadPieceByPiece(body)) return new HeldBody(body[Symbol.asyncIterator](), limit);
  const replayable =
    body === undefined || body === null || typeof body === 'string' || ArrayBuffer.isView(body);
  return { send: () => body, replayable, end: () => undefined };
}

type Piece = string | Uint8Array;

class HeldBody implements ReplayBody {
  private readonly source: AsyncIterator<Piece>;
  private readonly limit: number;
  private readonly held: (Piece | undefined)[] = [];
  private length = 0;
  private ended = false;
  private failed = false;
  private sendings = 0;
  /** Several sendings may wait for the same piece, since one that was broken off waits still. */
  private reading: Promise<void> | undefined;

  constructor(source: AsyncIterator<Piece>, limit: number) {
    this.source = source;
    this.limit = limit;
  }

  get replayable(): boolean {
    return this.length <= this.limit && !this.failed;
  }

  async *send(): AsyncGenerator<Piece> {
    const sending = ++this.sendings;
    for (let at = 0; ; at++) {
      while (at >= this.held.length && !this.ended) await this.readOn();
      const piece = this.held[at];
      // An earlier sending, which has been broken off, may not take what the last one needs.
      if (piece === undefined || sending !== this.sendings) return;
      if (!this.replayable) this.held[at] = undefined;
      yield piece;
    }
  }

  end(): void {
    if (!this.ended) this.source.return?.().catch(() => undefined);
  }

  private readOn(): Promise<void> {
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
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
