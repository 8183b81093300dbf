import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Keychain } from '../../ccache/ccache.ts';
import { randomBytes } from '../../crypto/random.ts';
import { errnoOf } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import { readRegularFile } from '../../keytab/read-file.ts';
import { MASTER_KEY_BYTES } from './seal.ts';

/** Where the master key of a database is kept. */
export type MasterPlace =
  /** A file of mode 0600; a relative name is relative to the database's directory. */
  | { readonly stash: string }
  /** The account of an item in the OS keychain. */
  | { readonly keychain: string };

/** What accessing it needs. */
export interface MasterAccess {
  readonly database: string;
  /** The OS keychain, opened only if the key is there. */
  keychain(): Promise<Keychain>;
}

const FIRST_LINE = 'krb5kit master key 1';
const MAX_STASH_BYTES = 1024;

/** A stash file as a database records it: relative if both are in one directory, so that they can be moved together. */
export function stashPlace(database: string, stash: string): MasterPlace {
  const directory = dirname(resolve(database));
  const path = resolve(stash);
  return { stash: dirname(path) === directory ? relative(directory, path) : path };
}

/** Throws KerberosError DATABASE_KEY if there is none, DATABASE_IO, and what the keychain throws. */
export async function readMasterKey(place: MasterPlace, access: MasterAccess): Promise<Uint8Array> {
  if ('stash' in place) {
    const path = stashPath(place, access);
    const key = readStash(path);
    if (key === undefined) throw keyMissing(`there is no stash file ${path}`);
    return key;
  }
  const secret = await (await access.keychain()).read(place.keychain);
  const key = Buffer.from(secret ?? '', 'base64');
  if (key.length !== MASTER_KEY_BYTES) throw keyMissing('the OS keychain does not have it');
  return key;
}

/** Makes a master key and stores it there, or takes one that exists. */
export async function makeMasterKey(place: MasterPlace, access: MasterAccess): Promise<Uint8Array> {
  if ('stash' in place) {
    const path = stashPath(place, access);
    return readStash(path) ?? writeStash(path, randomBytes(MASTER_KEY_BYTES));
  }
  const key = randomBytes(MASTER_KEY_BYTES);
  await (await access.keychain()).write(place.keychain, Buffer.from(key).toString('base64'));
  return key;
}

function stashPath({ stash }: { readonly stash: string }, { database }: MasterAccess): string {
  return join(resolve(dirname(database), stash));
}

function readStash(path: string): Uint8Array | undefined {
  let bytes: Uint8Array | undefined;
  try {
    bytes = readRegularFile(path, MAX_STASH_BYTES);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'ENOENT') return undefined;
    throw new KerberosError('DATABASE_IO', `The stash file ${path} cannot be read: ${code}`, { cause });
  }
  const [first, text = ''] = Buffer.from(bytes ?? [])
    .toString('latin1')
    .split('\n');
  const key = Buffer.from(text, 'base64');
  if (first !== FIRST_LINE || key.length !== MASTER_KEY_BYTES) throw keyMissing(`${path} is no stash file`);
  return key;
}

function writeStash(path: string, key: Uint8Array): Uint8Array {
  try {
    const fd = openSync(path, 'wx', 0o600);
    try {
      writeSync(fd, `${FIRST_LINE}\n${Buffer.from(key).toString('base64')}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    const code = errnoOf(cause);
    throw new KerberosError('DATABASE_IO', `The stash file ${path} cannot be written: ${code}`, { cause });
  }
  return key;
}

function keyMissing(reason: string): KerberosError {
  return new KerberosError('DATABASE_KEY', `The master key of the database is missing: ${reason}`);
}
