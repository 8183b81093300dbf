import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { replacedBy } from '../ccache/atomic-write.ts';

/**
 * A user's caches in the directory that all users share: `krb5cc_UID`, `krb5cc_UID_*`, which login services create, and
 * temporary files of either that a killed process of ours has left; only files that belong to the user.
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

/** The names in a directory; none if it cannot be listed. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
