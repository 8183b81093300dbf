import { lstatSync, type Stats } from 'node:fs';
import type { SealedCaches } from './sealed-caches.ts';

/** What a sealed file holds, and the key that it is sealed under. */
export interface OpenStore {
  readonly caches: SealedCaches;
  readonly key: Uint8Array;
}

/** Keeps a sealed file open for a process that lives on, for as long as the file looks the same. */
export interface SealedMemory {
  find(identity: string): OpenStore | undefined;
  keep(identity: string, opened: OpenStore): void;
  forget(): void;
}

/** What changes whenever a file is replaced, also by a link; empty where there is none. */
export function identityOf(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : identityIn(found);
}

/** The same of a file that has been looked at. */
export function identityIn({ dev, ino, mtimeMs, size }: Stats): string {
  return `${dev} ${ino} ${mtimeMs} ${size}`;
}
