/** The signal that the attempts of an exchange listen to: a subset of AbortSignal, which would cost start-up time. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A signal that its maker stops. */
export class StopController implements StopSignal {
  aborted = false;
  private readonly listeners = new Set<() => void>();

  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  /** Calls each listener, once. */
  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of [...this.listeners]) listener();
  }
}

const shared = new WeakMap<AbortSignal, StopSignal>();

/** The signal with only one listener on it, however many there are here: Node warns of more than ten. */
export function sharedSignal(signal: AbortSignal): StopSignal {
  const known = shared.get(signal) ?? new SharedSignal(signal);
  shared.set(signal, known);
  return known;
}

class SharedSignal implements StopSignal {
  private readonly signal: AbortSignal;
  private readonly listeners = new Set<() => void>();
  private readonly tell = (): void => {
    for (const listener of [...this.listeners]) listener();
  };

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  get aborted(): boolean {
    return this.signal.aborted;
  }

  addEventListener(type: 'abort', listener: () => void): void {
    this.signal.addEventListener(type, this.tell);
    this.listeners.add(listener);
  }

  removeEventListener(type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
    if (this.listeners.size === 0) this.signal.removeEventListener(type, this.tell);
  }
}
