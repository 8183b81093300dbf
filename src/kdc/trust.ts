import type { Key } from '../crypto/key.ts';
import { type Principal, tgsPrincipal } from '../messages/principal.ts';
import type { MemoryDatabase } from './memory-database.ts';
import type { KeySource } from './new-keys.ts';

/** Another realm that shares keys with one of ours; both sides use the same password or the same keys. */
export interface TrustSpec {
  /** The other realm. */
  readonly realm: string;
  /** The keys are random if neither this nor `keys` is given, which is useful if one KDC serves both realms. */
  readonly password?: string | undefined;
  readonly keys?: readonly Key[] | undefined;
  /** `outgoing`: our clients use services there; `incoming`: its clients use services here; both if not given. */
  readonly direction?: 'incoming' | 'outgoing' | 'both' | undefined;
  /** The version of the keys; 1 if not given. */
  readonly kvno?: number | undefined;
  readonly enctypes?: readonly number[] | undefined;
  /** The address of its KDC, `host:port`, for the krb5.conf of clients. */
  readonly kdc?: string | undefined;
}

/** Shares keys with another realm: krbtgt/THAT@OURS for our clients there, krbtgt/OURS@THAT for its clients here. */
export function addTrust(database: Pick<MemoryDatabase, 'add'>, realm: string, trust: TrustSpec): void {
  const { kvno, direction = 'both' } = trust;
  const source = sourceOf(trust);
  const add = (principal: Principal): unknown => database.add(principal, source, { kvno });
  if (direction !== 'incoming') add(tgsPrincipal(trust.realm, realm));
  if (direction !== 'outgoing') add(tgsPrincipal(realm, trust.realm));
}

function sourceOf({ password, keys, enctypes }: TrustSpec): KeySource {
  if (keys !== undefined) return { keys };
  return password === undefined ? { random: true, enctypes } : { password, enctypes };
}
