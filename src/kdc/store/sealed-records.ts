import { IntegrityError, KerberosError } from '../../errors.ts';
import type { StoreFile } from './file.ts';
import { decodeValue, encodeValue } from './record.ts';
import type { Sealer } from './seal.ts';

/** The sealed records of a database file. What reads one throws KerberosError DATABASE_FORMAT if it is damaged. */
export class SealedRecords {
  readonly file: StoreFile;
  private readonly sealer: Sealer;

  constructor(file: StoreFile, sealer: Sealer) {
    this.file = file;
    this.sealer = sealer;
  }

  /** The plaintext of the record `key`, given its bytes in the file. */
  open(key: string, bytes: Uint8Array): Uint8Array {
    try {
      return this.sealer.unseal(key, bytes);
    } catch (cause) {
      if (!(cause instanceof IntegrityError)) throw cause;
      throw new KerberosError('DATABASE_FORMAT', `A record of ${this.file.path} is damaged`, { cause });
    }
  }

  /** Within `change` alone; `kvno` is that of the newest key in it, or 0. */
  put(key: string, kvno: number, plaintext: Uint8Array): void {
    this.file.put(key, this.sealer.seal(key, kvno, plaintext));
  }

  /** What `putValue` put there; undefined if nothing is there. */
  value<T>(key: string): T | undefined {
    const bytes = this.file.get(key);
    return bytes && decodeValue<T>(this.open(key, bytes));
  }

  /** Within `change` alone. */
  putValue(key: string, value: unknown): void {
    this.put(key, 0, encodeValue(value));
  }
}
