import { randomBytes } from '../../crypto/random.ts';
import { IntegrityError, KerberosError } from '../../errors.ts';
import type { RealmPolicy } from '../policy.ts';
import { type DurableDatabase, durableDatabase } from '../store.ts';
import { openStoreFile, type StoreFile } from './file.ts';
import { type MasterAccess, type MasterPlace, makeMasterKey, readMasterKey, stashPlace } from './master.ts';
import { createSealer } from './seal.ts';

export interface OpenDatabaseOptions extends Pick<MasterAccess, 'keychain'> {
  /** A stash file with the master key, if it has been moved. */
  readonly stash?: string | undefined;
  /** Enctypes for which new principals get keys, the preferred first; those of the database if not given. */
  readonly enctypes?: readonly number[] | undefined;
}

export interface CreateDatabaseOptions extends OpenDatabaseOptions {
  readonly realm: string;
  /** The enctypes that the database records, the preferred first; AES with SHA-1 and with SHA-2 if not given. */
  readonly enctypes?: readonly number[] | undefined;
  readonly policy?: Partial<RealmPolicy> | undefined;
  /**
   * Whether to keep the master key in the OS keychain; otherwise it is in the stash file `stash`, by default beside the
   * database.
   */
  readonly inKeychain?: boolean | undefined;
}

/** A database's unencrypted description. */
interface Description {
  readonly format: number;
  /** Distinguishes databases under the same master key. */
  readonly id: string;
  readonly realm: string;
  readonly master: MasterPlace;
  /** Sealed settings, which also show whether a master key is the right one. */
  readonly check: string;
}

interface Settings {
  readonly enctypes?: readonly number[] | undefined;
}

const DESCRIPTION_KEY = 'D';
const CHECK_KEY = 'K';
const FORMAT = 2;

/**
 * Makes a database in a new file and opens it. An existing stash file is used. Throws KerberosError DATABASE_EXISTS,
 * DATABASE_KEY, DATABASE_IO, and what the keychain throws.
 */
export async function createDurableDatabase(
  path: string,
  { realm, policy, inKeychain, stash, enctypes, keychain }: CreateDatabaseOptions,
): Promise<DurableDatabase> {
  const file = await openStoreFile(path, { create: true });
  return closedOnFailure(file, async () => {
    if (file.version() !== 0)
      throw new KerberosError('DATABASE_EXISTS', `The database ${path} exists already`);
    const id = Buffer.from(randomBytes(8)).toString('hex');
    const master = inKeychain ? { keychain: `kdc ${id}` } : stashPlace(path, stash ?? `${path}.stash`);
    const masterKey = await makeMasterKey(master, { database: path, keychain });
    const sealer = createSealer(masterKey, id);
    const settings: Settings = { enctypes };
    const sealed = sealer.seal(CHECK_KEY, 0, Buffer.from(JSON.stringify(settings)));
    const check = Buffer.from(sealed).toString('base64');
    const description: Description = { format: FORMAT, id, realm, master, check };
    const database = durableDatabase({ file, sealer, defaultRealm: realm, enctypes });
    file.change(() => {
      file.put(DESCRIPTION_KEY, Buffer.from(JSON.stringify(description)));
      database.addRealm(realm, policy);
    });
    return database;
  });
}

/**
 * Opens a database. Throws KerberosError DATABASE_NOT_FOUND, DATABASE_FORMAT, DATABASE_KEY if the master key is missing
 * or wrong, DATABASE_IO, and what the keychain throws.
 */
export async function openDurableDatabase(
  path: string,
  { stash, enctypes, keychain }: OpenDatabaseOptions,
): Promise<DurableDatabase> {
  const file = await openStoreFile(path);
  return closedOnFailure(file, async () => {
    const { id, realm, master, check } = describe(file);
    const place = stash === undefined ? master : stashPlace(path, stash);
    const sealer = createSealer(await readMasterKey(place, { database: path, keychain }), id);
    let settings: Settings;
    try {
      settings = settingsOf(sealer.unseal(CHECK_KEY, Buffer.from(check, 'base64')));
    } catch (cause) {
      if (!(cause instanceof IntegrityError)) throw cause;
      throw new KerberosError('DATABASE_KEY', `This is not the master key of the database ${path}`, {
        cause,
      });
    }
    return durableDatabase({ file, sealer, defaultRealm: realm, enctypes: enctypes ?? settings.enctypes });
  });
}

/** Early databases have no settings. */
function settingsOf(plaintext: Uint8Array): Settings {
  return JSON.parse(Buffer.from(plaintext).toString().trim() || '{}') as Settings;
}

function describe(file: StoreFile): Description {
  const description = parsed(file.get(DESCRIPTION_KEY));
  if (description?.format === FORMAT) return description;
  throw new KerberosError('DATABASE_FORMAT', `${file.path} is no principal database`);
}

function parsed(bytes: Uint8Array | undefined): Description | undefined {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Description;
  } catch {
    return undefined;
  }
}

async function closedOnFailure<T>(file: StoreFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await file.close();
    throw error;
  }
}
