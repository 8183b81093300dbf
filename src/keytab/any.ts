import { KeytabError } from '../errors.ts';
import type { Keytab, KeytabEntry } from './keytab.ts';

/** Heimdal's `ANY:`, several keytabs as one, of which some may be missing; changes are made to each. */
export function anyKeytab(keytabs: readonly Keytab[]): Keytab {
  return {
    name: `ANY:${keytabs.map(({ name }) => name).join(',')}`,
    async entries(options) {
      const all: KeytabEntry[] = [];
      let missing: KeytabError | undefined;
      let found = false;
      for (const keytab of keytabs) {
        try {
          all.push(...(await keytab.entries(options)));
          found = true;
        } catch (error) {
          if (!isMissing(error)) throw error;
          missing ??= error;
        }
      }
      if (missing !== undefined && !found) throw missing;
      return all;
    },
    async add(entries) {
      for (const keytab of keytabs) await keytab.add(entries);
    },
    async remove(matches) {
      let removed = 0;
      for (const keytab of keytabs) removed += await removeFrom(keytab, matches);
      return removed;
    },
  };
}

async function removeFrom(keytab: Keytab, matches: (entry: KeytabEntry) => boolean): Promise<number> {
  try {
    return await keytab.remove(matches);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isMissing(error: unknown): error is KeytabError {
  return error instanceof KeytabError && error.code === 'KEYTAB_NOT_FOUND';
}
