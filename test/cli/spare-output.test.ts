import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spareOutput } from '../../src/cli/terminal/spare-output.ts';
import { until } from '../support/until.ts';

let folder: string;
let reader: number;
let writer: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  writer = openSync(pipe, constants.O_WRONLY);
});

afterEach(() => {
  closeSync(writer);
  rmSync(folder, { recursive: true });
});

/** What is in the pipe. */
function read(): string {
  const bytes = Buffer.alloc(1 << 20);
  try {
    return bytes.toString('utf8', 0, readSync(reader, bytes));
  } catch {
    return '';
  }
}

const line = (number: number): string => `${'x'.repeat(99)} ${number}\n`;

describe.skipIf(process.platform !== 'linux')('output that may be lost', () => {
  it('waits for nobody, and continues in whole lines where its reader does', async () => {
    const output = spareOutput(writer);
    const count = 30_000;
    for (let i = 0; i < count; i++) {
      output.add(line(i));
      if (i % 100 === 0) await nextTurn();
    }
    let seen = '';
    const ending = line(count).repeat(2);
    await until(() => {
      seen += read();
      output.add(line(count));
      return seen.endsWith(ending) || undefined;
    });
    const lines = seen.split(/(?<=\n)/);
    expect(lines.slice(0, 5000)).toEqual(Array.from({ length: 5000 }, (_, i) => line(i)));
    expect(lines.filter(each => !/^x{99} \d+\n$/.test(each))).toEqual([]);
    expect(lines.length).toBeLessThan(count);
    closeSync(reader);
  });

  it('continues without a reader', async () => {
    const output = spareOutput(writer);
    closeSync(reader);
    output.add(line(0));
    await nextTurn();
    output.add(line(1));
    expect(() => output.flush()).not.toThrow();
  });
});
