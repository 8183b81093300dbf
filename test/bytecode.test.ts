import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterAll, expect, it } from 'vitest';

const project = join(import.meta.dirname, '..');
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A package as npm installs it: with the bundles of klist and without bytecode. */
function installed(): {
  bundles: string;
  klist: (env?: Record<string, string>) => string;
  kept: () => string[];
} {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-installed-'));
  folders.push(folder);
  const bundles = join(folder, 'dist/bin');
  mkdirSync(bundles, { recursive: true });
  cpSync(join(project, 'bin'), join(folder, 'bin'), { recursive: true });
  cpSync(join(project, 'dist/bytecode.cjs'), join(folder, 'dist/bytecode.cjs'));
  for (const file of readdirSync(join(project, 'dist/bin'))) {
    if (/^klist.*\.cjs$/.test(file)) cpSync(join(project, 'dist/bin', file), join(bundles, file));
  }
  return {
    bundles,
    kept: () => readdirSync(bundles).filter(file => !file.endsWith('.cjs')),
    klist(env = {}) {
      const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...rest } = process.env;
      const run = spawnSync(process.execPath, [join(folder, 'bin/klist'), 'FILE:/nowhere'], {
        env: { ...rest, ...env },
        encoding: 'utf8',
      });
      expect(run.status).toBe(1);
      return run.stderr;
    },
  };
}

const complaint = 'klist: No credentials cache found (filename: /nowhere)\n';

it('is kept by the first command that finds none, and V8 takes it', () => {
  const { bundles, klist, kept } = installed();
  expect(klist()).toBe(complaint);
  expect(kept()).toEqual(['klist.cache']);
  const source = readFileSync(join(bundles, 'klist.cjs'), 'latin1');
  const file = readFileSync(join(bundles, 'klist.cache'));
  expect(file.toString('latin1', 0, 128)).toContain(process.version);
  const script = new Script(source, { cachedData: file.subarray(128) });
  expect(script.cachedDataRejected).toBe(false);
  expect(klist()).toBe(complaint);
  expect(readFileSync(join(bundles, 'klist.cache'))).toEqual(file);
});

it("replaces another Node's, and one that was cut short", () => {
  const { bundles, klist } = installed();
  const file = join(bundles, 'klist.cache');
  klist();
  const good = readFileSync(file);
  const other = Buffer.from(good.toString('latin1').replace(process.version, 'v1.2.3'), 'latin1');
  for (const bad of [other, good.subarray(0, good.length - 1), good.subarray(0, 100), Buffer.alloc(0)]) {
    writeFileSync(file, bad);
    expect(klist()).toBe(complaint);
    const bytes = readFileSync(file);
    const [stamp, version, , , length] = bytes.toString('latin1', 0, 128).split(' ');
    expect([stamp, version]).toEqual([good.toString('latin1', 0, 64), process.version]);
    expect(Number(length)).toBe(bytes.length - 128);
  }
});

it('is not kept where Node was given flags, which would be part of it', () => {
  const { klist, kept } = installed();
  expect(klist({ NODE_OPTIONS: '--stack-trace-limit=5' })).toBe(complaint);
  expect(kept()).toEqual([]);
});

it.skipIf(process.platform === 'win32')(
  'is for everyone to run and for its owner alone to replace, whatever the umask',
  () => {
    for (const umask of [0, 0o77]) {
      const { bundles, klist } = installed();
      const before = process.umask(umask);
      try {
        klist();
      } finally {
        process.umask(before);
      }
      expect(statSync(join(bundles, 'klist.cache')).mode & 0o777).toBe(0o644);
    }
  },
);

it('is of no concern to a command that cannot write it', () => {
  const { bundles, klist, kept } = installed();
  mkdirSync(join(bundles, 'klist.cache'));
  expect(klist()).toBe(complaint);
  expect(kept()).toEqual(['klist.cache']);
});
