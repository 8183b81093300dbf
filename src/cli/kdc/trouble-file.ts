import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { printable } from '../../codec/text.ts';
import type { Trouble } from '../../kdc/trouble.ts';
import { fileReason } from '../../local/file-reason.ts';
import { UsageError } from '../command.ts';
import type { Io } from '../terminal.ts';
import { readTrouble } from './trouble.ts';

/** Creates a file with the troubles that a KDC starts with, one per line in the form of `--trouble`. */
export function writeTroubleFile(path: string, wishes: readonly string[]): void {
  writeFileSync(path, wishes.map(wish => `${wish}\n`).join(''), { mode: 0o600 });
}

/**
 * Returns a function for the trouble in the file if it has changed since the last call; none if the file has gone. A
 * line that cannot be parsed is reported and ignored.
 */
export function followTroubleFile(path: string, program: string, io: Io): () => Trouble | undefined {
  let seen = signatureOf(path);
  return () => {
    const signature = signatureOf(path);
    if (signature === seen) return undefined;
    seen = signature;
    try {
      return signature === undefined ? {} : readTrouble(linesOf(path), program);
    } catch (error) {
      const reason =
        error instanceof UsageError ? error.message : `${program}: ${path}: ${fileReason(error)}`;
      io.err(`${printable(reason)}\n`);
      return {};
    }
  };
}

function linesOf(path: string): readonly string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'));
}

/** Undefined if there is no file. */
function signatureOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}
