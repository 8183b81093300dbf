import type { Principal } from '../../messages/principal.ts';
import type { FailureStore, Failures } from '../database.ts';
import { nameKey } from './names.ts';
import type { SealedRecords } from './sealed-records.ts';

const FAILURES = 'F';

/** The failed logins in a database file. */
export function storedFailures(records: SealedRecords): FailureStore {
  return {
    find: principal => records.value<Failures>(keyOf(principal)),
    keep(principal, failures) {
      const key = keyOf(principal);
      records.file.change(() => {
        if (failures === undefined) records.file.remove(key);
        else records.putValue(key, failures);
      });
    },
  };
}

function keyOf({ components, realm }: Principal): string {
  return FAILURES + nameKey(components, realm);
}
