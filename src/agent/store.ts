import type { SealedCaches } from '../ccache/sealed-caches.ts';
import type { Soon } from './soon.ts';

/** Where the agent keeps its caches. */
export interface AgentStore {
  readonly kind: 'keychain' | 'memory';
  /** Whether the keychain would have to be asked. */
  readonly locked: boolean;
  /** The same object for as long as nothing has changed. */
  read(): Soon<SealedCaches>;
  /** The caches if they can be had without asking the keychain. */
  peek(): Soon<SealedCaches | undefined>;
  /**
   * Has `work` make new caches of the old ones; gives its value once they are kept for good. Changes that come while
   * others are being written are written together.
   */
  change<T>(work: Work<T>): Soon<T>;
  /** Forgets the key and all that it opened. */
  lock(): void;
}

/** Makes new caches; what it throws concerns nobody else. */
export type Work<T> = (caches: SealedCaches) => { readonly caches: SealedCaches; readonly value: T };

export const NO_CACHES: SealedCaches = { primary: '', members: new Map() };

/** Caches that end with the process. */
export function memoryStore(): AgentStore {
  let kept = NO_CACHES;
  return {
    kind: 'memory',
    locked: false,
    read: () => kept,
    peek: () => kept,
    change(work) {
      const { caches, value } = work(kept);
      kept = caches;
      return value;
    },
    lock: () => undefined,
  };
}
