import { closeSync, openSync, readSync } from 'node:fs';
import { bytesToText } from '../../codec/text.ts';
import { systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import type { Surroundings } from '../surroundings.ts';

/** Longer than any passphrase; a file named by mistake is not read to its end. */
const MAX_BYTES = 1024;

/**
 * The passphrase of the sealed caches: the first line of the file that KRB5KIT_PASSPHRASE_FILE names, else what is
 * typed on the terminal, twice for a new one. Throws KerberosError KEYCHAIN_PASSPHRASE.
 */
export async function askPassphrase(purpose: 'open' | 'choose', io: Surroundings): Promise<string> {
  const file = io.env.KRB5KIT_PASSPHRASE_FILE;
  if (file) return firstLine(file);
  if (!io.stdinIsTerminal) {
    throw failure(
      'There is no terminal to ask for the passphrase on, and KRB5KIT_PASSPHRASE_FILE is not set',
    );
  }
  if (purpose === 'open') return io.readPassphrase('Passphrase of the sealed tickets: ');
  const chosen = await io.readPassphrase('New passphrase for the sealed tickets: ');
  if (chosen === '') throw failure('The passphrase is empty');
  if ((await io.readPassphrase('Enter it again: ')) !== chosen) throw failure('The passphrases differ');
  return chosen;
}

function firstLine(path: string): string {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  try {
    const fd = openSync(path, 'r');
    try {
      let read: number;
      do {
        read = readSync(fd, bytes, length, bytes.length - length, null);
        length += read;
      } while (read > 0 && length < bytes.length);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw failure(`The passphrase cannot be read: ${systemReason(error)} (filename: ${path})`, error);
  }
  const lineEnd = bytes.subarray(0, length).indexOf(0x0a);
  if (lineEnd < 0 && length > MAX_BYTES) throw failure(`The passphrase is too long (filename: ${path})`);
  const line = bytesToText(bytes.subarray(0, lineEnd < 0 ? length : lineEnd));
  return line.replace(/\r$/, '');
}

function failure(sentence: string, cause?: unknown): KerberosError {
  return new KerberosError('KEYCHAIN_PASSPHRASE', sentence, { cause });
}
