import type { CcacheType } from './ccache.ts';
import { fileType } from './file.ts';
import { memoryType } from './memory.ts';

interface Row {
  readonly name: string;
  /** Loaded when first named, so that FILE caches do not load what a keychain needs. */
  load(): CcacheType | Promise<CcacheType>;
}

const types: readonly Row[] = [
  { name: 'FILE', load: () => fileType },
  { name: 'MEMORY', load: () => memoryType },
  { name: 'DIR', load: async () => (await import('./dir.ts')).dirType },
  { name: 'KEYCHAIN', load: async () => (await import('./keychain.ts')).keychainType },
  { name: 'API', load: async () => (await import('./native-types.ts')).apiType },
  { name: 'MSLSA', load: async () => (await import('./native-types.ts')).mslsaType },
  { name: 'KCM', load: async () => (await import('./kcm.ts')).kcmType },
  { name: 'KEYRING', load: async () => (await import('./keyring.ts')).keyringType },
];

/** The cache type of a name such as `FILE`, or undefined. */
export async function findCcacheType(name: string): Promise<CcacheType | undefined> {
  return types.find(row => row.name === name)?.load();
}
