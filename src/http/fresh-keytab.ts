import { statSync } from 'node:fs';
import { KerberosError } from '../errors.ts';
import type { Keytab, KeytabEntry } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';

export interface FreshKeytabOptions {
  /** Which of the keytab's principals to accept; all if not given. */
  readonly accepts?: ((principal: Principal) => boolean) | undefined;
  /** Called when the keytab has changed but cannot be read whole; the previous keys stay in use. */
  readonly onStale?: ((error: KerberosError) => void) | undefined;
}

/** Milliseconds between two checks of the file. */
const LOOK_EVERY = 1000;

/**
 * Returns the entries of a keytab, which is read again whenever its file has changed. Throws KeytabError if it could
 * never be read.
 */
export type FreshKeytab = () => readonly KeytabEntry[] | Promise<readonly KeytabEntry[]>;

/**
 * The keys of a keytab for acceptors. Its file is checked once a second at most; prepared keys are kept until it
 * changes.
 */
export function freshKeytab(
  keytab: Keytab,
  { accepts = () => true, onStale }: FreshKeytabOptions = {},
): FreshKeytab {
  let entries: readonly KeytabEntry[] | undefined;
  let seen: string | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<readonly KeytabEntry[]> | undefined;

  async function read(): Promise<readonly KeytabEntry[]> {
    // Taken before the entries, so that a change made while they are read is noticed the next time.
    const state = stateOf(keytab);
    try {
      // A file that was cut off, or is still being written, lacks entries that it will have.
      const found = await keytab.entries({ whole: entries !== undefined });
      entries = found.filter(({ principal }) => accepts(principal));
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

/** A value that changes with a file's contents; undefined for a keytab that is not a file or does not exist. */
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
