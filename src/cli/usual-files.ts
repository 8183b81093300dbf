import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { replacedBy } from '../ccache/atomic-write.ts';

/**
 * The caches of a user in the place that all users share: `krb5cc_UID`, `krb5cc_UID_*`, which login services make, and
 * what a killed process of ours left of either; only files that are the user's own.
 */
export function usualCacheFiles(directory: string, uid: number): readonly string[] {
  const usual = new RegExp(`^krb5cc_${uid}(_.*)?$`);
  return namesIn(directory)
    .filter(name => usual.test(replacedBy(name) ?? name))
    .map(name => join(directory, name))
    .filter(path => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found?.isFile() && found.uid === uid;
    });
}

/** Nothing where the directory cannot be listed. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
