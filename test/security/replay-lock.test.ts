import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ReplayLock } from '../../src/ap/replay-lock.ts';

const directory = mkdtempSync(join(tmpdir(), 'krb5kit-replay-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const hasFifos = spawnSync('mkfifo', ['--version']).error === undefined;

describe.skipIf(!hasFifos)('a FIFO where the lock of a replay cache belongs', () => {
  it('is no lock, and does not stop the service', () => {
    const path = join(directory, 'rcache2');
    execFileSync('mkfifo', [`${path}.lock`]);
    expect(() => new ReplayLock(path).hold(() => 1)).toThrow(/held by another process/);
  });
});
