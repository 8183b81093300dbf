/** What controls one sending of a request: the part of undici's that we use. */
export interface Controller {
  readonly rawHeaders?: unknown;
  readonly rawTrailers?: unknown;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/**
 * The controller that a handler keeps for all sendings of its request, each of which has one of its own; between them, a
 * ticket may be waited for.
 */
export class SteadyController implements Controller {
  private readonly stop = new AbortController();
  private sending: Controller | undefined;
  private halted = false;

  /** Tells that the request is aborted. */
  get signal(): AbortSignal {
    return this.stop.signal;
  }

  get aborted(): boolean {
    return this.signal.aborted;
  }

  get reason(): Error | null {
    return this.aborted ? (this.signal.reason as Error) : null;
  }

  get paused(): boolean {
    return this.halted;
  }

  get rawHeaders(): unknown {
    return this.sending?.rawHeaders;
  }

  get rawTrailers(): unknown {
    return this.sending?.rawTrailers;
  }

  /** Controls the next sending. */
  follow(sending: Controller): void {
    this.sending = sending;
    if (this.aborted) sending.abort(this.signal.reason as Error);
  }

  abort(reason: Error): void {
    this.stop.abort(reason);
    this.sending?.abort(reason);
  }

  pause(): void {
    this.halted = true;
    this.sending?.pause();
  }

  resume(): void {
    this.halted = false;
    this.sending?.resume();
  }
}
