import type { StopSignal } from './stop-signal.ts';

interface Line {
  running: number;
  readonly waiting: Set<(mine: boolean) => void>;
}

/** Admits a limited number of each kind at a time; the others wait, in the order in which they came. */
export class Turns {
  private readonly limit: number;
  private readonly lines = new Map<string, Line>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Waits for the caller's turn, which must be returned with `give`; false once `signal` is aborted. */
  take(kind: string, signal: StopSignal): boolean | Promise<boolean> {
    if (signal.aborted) return false;
    const line = this.lines.get(kind) ?? { running: 0, waiting: new Set() };
    this.lines.set(kind, line);
    if (line.running < this.limit) {
      line.running++;
      return true;
    }
    return new Promise(resolve => {
      const end = (mine: boolean): void => {
        line.waiting.delete(end);
        signal.removeEventListener('abort', onAbort);
        resolve(mine);
      };
      const onAbort = (): void => end(false);
      line.waiting.add(end);
      signal.addEventListener('abort', onAbort);
    });
  }

  give(kind: string): void {
    const line = this.lines.get(kind)!;
    const [next] = line.waiting;
    if (next !== undefined) next(true);
    else if (--line.running === 0) this.lines.delete(kind);
  }
}
