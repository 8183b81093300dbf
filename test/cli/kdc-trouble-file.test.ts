import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readTrouble } from '../../src/cli/kdc/trouble.ts';
import { followTroubleFile, writeTroubleFile } from '../../src/cli/kdc/trouble-file.ts';
import { captureIo } from '../support/io.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** What is read of a changed file, and what is said about it. */
function readChanged(text: string): { trouble: unknown; said: string } {
  const path = join(folder, 'trouble');
  const io = captureIo({ env: {} });
  writeTroubleFile(path);
  const next = followTroubleFile(path, 'kdc', io);
  writeFileSync(path, text);
  utimesSync(path, 1, 1);
  return { trouble: next(), said: io.stderr };
}

it('a line that cannot be parsed is reported, and the others count', () => {
  const { trouble, said } = readChanged('# a comment\nrevoked=alice\n\nbogus=1\ndrop=x\n  delay=2\n');
  expect(trouble).toEqual({ revoked: ['alice'], delay: 2 });
  expect(said).toMatch(/^kdc: 'bogus' is none of .*\nkdc: 'drop=x' is no trouble that can be made\n$/);
});

it('names in several lines count together; of other values the last counts', () => {
  const lines = ['revoked=alice', 'drop=3', 'revoked=bob,carol', 'expired=dave', 'drop=1'];
  const expected = { revoked: ['alice', 'bob', 'carol'], expired: ['dave'], drop: 1 };
  expect(readChanged(lines.join('\n'))).toEqual({ trouble: expected, said: '' });
  expect(readTrouble(lines, 'kdc')).toEqual(expected);
});

it('the file has the trouble that a KDC starts with, wherever that comes from', () => {
  const trouble = {
    clockSkew: -90,
    delay: 0.5,
    drop: 2,
    tooBig: true,
    wrongEnctype: false,
    expired: ['a', 'b'],
  };
  const path = join(folder, 'trouble');
  writeTroubleFile(path, trouble);
  const text = readFileSync(path, 'utf8');
  expect(text).toBe('clock-skew=-90\ndelay=0.5\ndrop=2\ntoo-big\nexpired=a,b\n');
  const { wrongEnctype, ...read } = trouble;
  expect(readChanged(`${text}\nrevoked=c`)).toEqual({ trouble: { ...read, revoked: ['c'] }, said: '' });
});
