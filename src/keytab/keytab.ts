import { KeytabError } from '../errors.ts';
import type { Principal } from '../messages/principal.ts';
import type { EncryptionKey } from '../messages/types.ts';
import { anyKeytab } from './any.ts';
import { fileKeytab } from './file.ts';
import { memoryKeytab } from './memory.ts';

/** One key of one principal. */
export interface KeytabEntry {
  readonly principal: Principal;
  /** When the entry was written. */
  readonly timestamp: Date;
  /** The key's version. */
  readonly kvno: number;
  readonly key: EncryptionKey;
}

/** A handle on a keytab; nothing is read or created until a method is called. */
export interface Keytab {
  /** Its name with the type, `FILE:/path`. */
  readonly name: string;
  /**
   * In the order of the file, up to where it is cut off or damaged; with `whole`, that is KEYTAB_FORMAT. Throws
   * KeytabError KEYTAB_NOT_FOUND, KEYTAB_FORMAT or KEYTAB_IO.
   */
  entries(options?: { readonly whole?: boolean | undefined }): Promise<readonly KeytabEntry[]>;
  /** Adds entries, even if others exist for the same key; creates the keytab if it is missing. */
  add(entries: readonly KeytabEntry[]): Promise<void>;
  /** Removes the entries that match; resolves to their number. */
  remove(matches: (entry: KeytabEntry) => boolean): Promise<number>;
}

/** A row of the table of keytab types. */
interface KeytabType {
  readonly name: string;
  resolve(residual: string): Keytab;
}

const keytabTypes: readonly KeytabType[] = [
  { name: 'FILE', resolve: fileKeytab },
  { name: 'WRFILE', resolve: fileKeytab },
  { name: 'MEMORY', resolve: memoryKeytab },
  { name: 'ANY', resolve: residual => anyKeytab(residual.split(',').map(resolveKeytab)) },
];

/** The keytab of a name `TYPE:residual`; a name without a type is a path. Throws KeytabError KEYTAB_TYPE_UNKNOWN. */
export function resolveKeytab(name: string): Keytab {
  const colon = name.indexOf(':');
  // `/a:b` is a path, and a single letter is a drive.
  if (colon < 0 || name.startsWith('/') || /^[a-z]:/i.test(name)) return fileKeytab(name);
  const type = keytabTypes.find(row => row.name === name.slice(0, colon));
  if (type === undefined) throw new KeytabError('KEYTAB_TYPE_UNKNOWN', 'Unknown Key table type');
  return type.resolve(name.slice(colon + 1));
}
