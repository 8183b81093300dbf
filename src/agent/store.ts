import type { SealedCaches } from '../ccache/sealed/caches.ts';
import type { Soon } from './soon.ts';

/** Where the agent keeps its caches. */
export interface AgentStore {
  readonly kind: 'keychain' | 'memory';
  /** Whether the keychain would have to be asked. */
  readonly locked: boolean;
  /** Returns the same object as long as nothing has changed. */
  read(): Soon<SealedCaches>;
  /** The caches, if they can be read without asking the keychain. */
  peek(): Soon<SealedCaches | undefined>;
  /**
   * Lets `work` make new caches from the old ones; resolves to its value when they have been stored permanently.
   * Changes that arrive while others are being written are written together.
   */
  change<T>(work: Work<T>): Soon<T>;
  /** Forgets the key and everything that it opened. */
  lock(): void;
}

/** Makes new caches; its errors concern only its caller. */
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
