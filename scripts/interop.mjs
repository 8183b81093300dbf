// `npm run interop`: runs the interoperability matrix and prints it as a table, after listing what cannot be run.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

setUp();
const args = ['run', '--reporter=./scripts/matrix-reporter.mjs', 'test/interop/matrix.interop.test.ts'];
process.exitCode =
  spawnSync(process.execPath, [vitest, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;
