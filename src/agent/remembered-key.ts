import type { CcacheEnvironment, Keychain } from '../ccache/ccache.ts';

/** A keychain that is asked once for each secret. */
export interface RememberedKeychain extends Keychain {
  /** Whether there is something to forget. */
  readonly known: boolean;
  forget(): void;
}

export function rememberKeychain(environment: CcacheEnvironment): RememberedKeychain {
  const secrets = new Map<string, string>();
  return {
    get known() {
      return secrets.size > 0;
    },
    forget() {
      secrets.clear();
    },
    async read(account) {
      const known = secrets.get(account);
      if (known !== undefined) return known;
      const secret = await (await environment.keychain()).read(account);
      if (secret !== undefined) secrets.set(account, secret);
      return secret;
    },
    async write(account, secret) {
      await (await environment.keychain()).write(account, secret);
      secrets.set(account, secret);
    },
    async remove(account) {
      secrets.delete(account);
      return (await environment.keychain()).remove(account);
    },
  };
}
