import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { printable } from '../../codec/text.ts';
import { systemReason } from '../../errno.ts';
import type { Trouble } from '../../kdc/trouble.ts';
import { UsageError } from '../command.ts';
import type { Io } from '../terminal.ts';
import { formatTrouble, readTrouble } from './trouble.ts';

/** Creates a file with the troubles that a KDC starts with, one per line in the form of `--trouble`. */
export function writeTroubleFile(path: string, trouble: Trouble = {}): void {
  const lines = formatTrouble(trouble).map(line => `${line}\n`);
  writeFileSync(path, lines.join(''), { mode: 0o600 });
}

/**
 * Returns a function for the trouble in the file if it has changed since the last call; none if the file has gone. A
 * line that cannot be parsed is reported and ignored.
 */
export function followTroubleFile(path: string, program: string, io: Io): () => Trouble | undefined {
  let seen = signatureOf(path);
  const report = (reason: string): void => io.err(`${printable(reason)}\n`);
  const isKnown = (line: string): boolean => {
    try {
      readTrouble([line], program);
      return true;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      report(error.message);
      return false;
    }
  };
  return () => {
    const signature = signatureOf(path);
    if (signature === seen) return undefined;
    seen = signature;
    if (signature === undefined) return {};
    let lines: readonly string[];
    try {
      lines = linesOf(path);
    } catch (error) {
      report(`${program}: ${path}: ${systemReason(error)}`);
      return {};
    }
    return readTrouble(lines.filter(isKnown), program);
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
