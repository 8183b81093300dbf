import type { Keychain } from '../ccache.ts';

/** A keychain that is asked once for each secret. */
export interface RememberedKeychain extends Keychain {
  /** Whether there is something to forget. */
  readonly known: boolean;
  forget(): void;
}

/** Remembers the secrets of a keychain, which is opened by `open` whenever it has to be asked. */
export function rememberKeychain(open: () => Promise<Keychain>): RememberedKeychain {
  const secrets = new Map<string, string>();
  let timesForgotten = 0;
  return {
    get known() {
      return secrets.size > 0;
    },
    forget() {
      timesForgotten++;
      secrets.clear();
    },
    async read(account) {
      const known = secrets.get(account);
      if (known !== undefined) return known;
      const before = timesForgotten;
      const secret = await (await open()).read(account);
      if (secret !== undefined && timesForgotten === before) secrets.set(account, secret);
      return secret;
    },
    async write(account, secret) {
      const before = timesForgotten;
      await (await open()).write(account, secret);
      if (timesForgotten === before) secrets.set(account, secret);
    },
    async remove(account) {
      secrets.delete(account);
      return (await open()).remove(account);
    },
  };
}
