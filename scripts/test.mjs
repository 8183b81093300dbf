// `npm test [-- ARGUMENTS OF VITEST]`: sets up, runs the tests, and ends with the line `N passed, N failed`.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

setUp();
const counts = { passed: 0, failed: 0, skipped: 0, reported: false };
const reporters = ['--reporter=default', '--reporter=./scripts/count-reporter.mjs'];
const run = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
run.on('message', message => Object.assign(counts, message, { reported: true }));
run.on('close', code => {
  const { passed, skipped, reported } = counts;
  const failed = reported ? counts.failed : 1; // a run that broke before its end has failed
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = code ?? 1;
  if (failed > 0 && code === 0) process.exitCode = 1;
});
