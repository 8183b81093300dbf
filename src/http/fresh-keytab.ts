import { statSync } from 'node:fs';
import { KerberosError } from '../errors.ts';
import type { Keytab, KeytabEntry } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';

export interface FreshKeytabOptions {
  /** Which of its principals to take. */
  readonly accepts: (principal: Principal) => boolean;
  /** Told when the keytab has changed but cannot be read: the keys before stay in use. */
  readonly onStale?: ((error: KerberosError) => void) | undefined;
}

/** Milliseconds between two looks at the file. */
const LOOK_EVERY = 1000;

/** The entries of a keytab, read anew when its file has become another. Throws KeytabError where it never could be read. */
export type FreshKeytab = () => readonly KeytabEntry[] | Promise<readonly KeytabEntry[]>;

/** Looks at the file once a second at most; keys made ready are kept for as long as the file is. */
export function freshKeytab(keytab: Keytab, { accepts, onStale }: FreshKeytabOptions): FreshKeytab {
  let entries: readonly KeytabEntry[] | undefined;
  let seen: string | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<readonly KeytabEntry[]> | undefined;

  async function read(): Promise<readonly KeytabEntry[]> {
    // Taken before the entries: what changes while they are read is seen the next time.
    const state = stateOf(keytab);
    try {
      entries = (await keytab.entries()).filter(({ principal }) => accepts(principal));
      seen = state;
      return entries;
    } catch (error) {
      if (entries === undefined || !(error instanceof KerberosError)) throw error;
      onStale?.(error);
      return entries;
    } finally {
      reading = undefined;
    }
  }

  return () => {
    const now = performance.now();
    if (entries !== undefined && now - lookedAt < LOOK_EVERY) return entries;
    lookedAt = now;
    if (entries !== undefined && seen !== undefined && seen === stateOf(keytab)) return entries;
    reading ??= read();
    return reading;
  };
}

/** What changes with a file's contents; undefined for a keytab that is no file, or has none. */
function stateOf({ name }: Keytab): string | undefined {
  const [, path] = /^FILE:(.*)$/s.exec(name) ?? [];
  if (path === undefined) return undefined;
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return undefined;
  }
}
