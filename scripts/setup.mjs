// Prepares a fresh clone: installs the locked packages and builds dist/, each only if needed. Requires only Node and
// npm.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { distIsFresh, modulesAreFresh } from './stale.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs and builds what is missing or out of date; ends the process if that fails. */
export function setUp() {
  if (!modulesAreFresh(root))
    step('Installing packages', 'npm ci', npm(['ci', '--include=dev', '--include=optional']));
  if (!distIsFresh(root)) step('Building', 'npm run build', [process.execPath, ['scripts/build.mjs']]);
}

// npm is a script run by the current Node, or `npm` on PATH; on Windows the latter needs a shell.
function npm(args) {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, [script, ...args]] : ['npm', args];
}

function step(what, command, [program, args]) {
  console.log(`${what} (${command}) …`);
  const shell = process.platform === 'win32' && program === 'npm';
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8', shell });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
  console.error(`${command} failed.`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
