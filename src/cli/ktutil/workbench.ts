import type { KeytabEntry } from '../../keytab/keytab.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';

/** What the requests work on. */
export interface Workbench {
  readonly session: Session;
  readonly io: Io;
  /** The keys that are read and added, and not written yet. */
  list: readonly KeytabEntry[];
}
