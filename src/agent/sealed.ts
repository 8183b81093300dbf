import type { CcacheEnvironment } from '../ccache/ccache.ts';
import { rememberKeychain } from '../ccache/keychain/remembered.ts';
import type { SealedCaches } from '../ccache/sealed/caches.ts';
import { identityOf, type OpenStore, type SealedMemory } from '../ccache/sealed/memory.ts';
import { sealedPath } from '../ccache/sealed/path.ts';
import { sealedStore } from '../ccache/sealed/store.ts';
import { FileLook } from './file-look.ts';
import type { Soon } from './soon.ts';
import { type AgentStore, NO_CACHES, type Work } from './store.ts';

interface Opened {
  readonly identity: string;
  readonly store: OpenStore;
}

interface Waiting {
  readonly work: Work<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * The caches that KEYCHAIN: names, shared with all programs that open them. The keychain is asked once; changes by
 * others are noticed by the identity of the file.
 */
export function keychainStore(environment: CcacheEnvironment): AgentStore {
  const path = sealedPath(environment.dataDirectory);
  const keychain = rememberKeychain(() => environment.keychain());
  let opened: Opened | undefined;
  const file = new FileLook(path);
  const memory: SealedMemory = {
    look: () => file.follow(),
    find,
    keep(identity, store) {
      // It may have been locked meanwhile.
      if (keychain.known) opened = { identity, store };
    },
    forget() {
      opened = undefined;
    },
  };
  const store = sealedStore({ ...environment, keychain: async () => keychain }, memory);
  let opening: { readonly identity: string; readonly caches: Promise<SealedCaches> } | undefined;
  let waiting: Waiting[] = [];
  let writing = false;

  return {
    kind: 'keychain',
    get locked() {
      return !keychain.known && identityOf(path) !== '';
    },
    read,
    peek: () => (keychain.known || identityOf(path) === '' ? read() : undefined),
    change<T>(work: Work<T>): Promise<T> {
      return new Promise<unknown>((resolve, reject) => {
        waiting.push({ work, resolve, reject });
        if (!writing) void writeAll();
      }) as Promise<T>;
    },
    lock() {
      keychain.forget();
      opened = undefined;
      file.close();
    },
  };

  function read(): Soon<SealedCaches> {
    const identity = file.look();
    const known = find(identity);
    if (known !== undefined) return known.caches;
    if (identity === '') return NO_CACHES;
    // Concurrent requests for the same file share one attempt to open it.
    if (opening?.identity !== identity) opening = { identity, caches: open() };
    return opening.caches;
  }

  function find(identity: string): OpenStore | undefined {
    // What was in a file that others have replaced or destroyed is not kept in memory.
    if (opened?.identity !== identity) opened = undefined;
    return opened?.store;
  }

  async function open(): Promise<SealedCaches> {
    try {
      return await store.read();
    } finally {
      opening = undefined;
    }
  }

  async function writeAll(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      // Writing takes longer than a turn of the event loop, so all changes that arrive in this turn are written
      // together.
      await new Promise(setImmediate);
      const batch = waiting;
      waiting = [];
      await write(batch);
    }
    writing = false;
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    let settle: (() => void)[] = [];
    try {
      await store.change(before => {
        const applied = applyAll(batch, before);
        settle = applied.settle;
        return applied.caches;
      });
    } catch (error) {
      settle = batch.map(
        ({ reject }) =>
          () =>
            reject(error),
      );
    }
    file.forget();
    for (const tell of settle) tell();
  }
}

function applyAll(
  batch: readonly Waiting[],
  before: SealedCaches,
): { readonly caches: SealedCaches; readonly settle: (() => void)[] } {
  let caches = before;
  const settle = batch.map(({ work, resolve, reject }) => {
    try {
      const done = work(caches);
      caches = done.caches;
      return () => resolve(done.value);
    } catch (error) {
      return () => reject(error);
    }
  });
  return { caches, settle };
}
