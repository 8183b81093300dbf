import type { Keychain } from '../../src/ccache/ccache.ts';
import { KerberosError } from '../../src/errors.ts';

/** A keychain in memory that counts its calls and can be locked. */
export interface MemoryKeychain extends Keychain {
  readonly items: Map<string, string>;
  readonly calls: string[];
  locked: boolean;
}

export function memoryKeychain(): MemoryKeychain {
  const items = new Map<string, string>();
  const calls: string[] = [];
  const keychain: MemoryKeychain = {
    items,
    calls,
    locked: false,
    async read(account) {
      note('read');
      return items.get(account);
    },
    async write(account, secret) {
      note('write');
      items.set(account, secret);
    },
    async remove(account) {
      note('remove');
      return items.delete(account);
    },
  };
  return keychain;

  function note(call: string): void {
    calls.push(call);
    if (keychain.locked) throw new KerberosError('KEYCHAIN_LOCKED', 'The OS keychain is locked');
  }
}
