import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { boundedLog } from '../../src/cli/kdc/bounded-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('a log never grows beyond its limit, and has the last line', () => {
  const path = join(folder, 'log');
  const log = boundedLog(path, line => appendFileSync(path, `${line}\n`), 100);
  let longest = 0;
  for (let i = 0; i < 50; i++) {
    log(`line ${i}`);
    const text = readFileSync(path, 'utf8');
    longest = Math.max(longest, text.length);
    expect(text.length).toBeLessThanOrEqual(100);
    expect(text.endsWith(`line ${i}\n`)).toBe(true);
  }
  expect(longest).toBeGreaterThan(90);
});

it('a log that has been removed is no reason to fail', () => {
  const lines: string[] = [];
  const log = boundedLog(join(folder, 'none'), line => lines.push(line), 3);
  log('one');
  log('two');
  expect(lines).toEqual(['one', 'two']);
});
