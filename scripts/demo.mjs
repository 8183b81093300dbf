// `npm run demo`: a KDC of our own on a free port of this machine, and the commands against it. Everything lives in
// a temporary directory that is removed at the end.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const bin = fileURLToPath(new URL('../bin', import.meta.url));

/** What is shown: a command line, what is typed into it, and whether it goes on in the background. */
const steps = [
  {
    line: 'krb5kit kdc --realm DEMO.TEST --user alice:wonderland --service HTTP/localhost',
    background: /ready/i,
  },
  { line: 'kinit alice', input: 'wonderland\n' },
  { line: 'kvno HTTP/localhost' },
  { line: 'klist -e' },
  { line: 'kdestroy' },
];

setUp();
const folder = mkdtempSync(join(tmpdir(), 'krb5kit-demo-'));
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  KRB5_CONFIG: join(folder, 'krb5.conf'),
  KRB5CCNAME: `FILE:${join(folder, 'cache')}`,
};
const running = [];
try {
  for (const step of steps) await show(step);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const child of running) child.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function show({ line, input, background }) {
  console.log(`$ ${line}${background ? ' &' : ''}`);
  const [name, ...args] = line.split(' ');
  const command = [join(bin, name), ...args];
  if (background) return start(line, command, background);
  const { status } = spawnSync(process.execPath, command, {
    cwd: folder,
    env,
    input,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`${line} ended with status ${status}`);
}

async function start(line, command, ready) {
  const child = spawn(process.execPath, command, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  let seen = '';
  for await (const chunk of child.stdout) {
    process.stdout.write(chunk);
    seen += chunk;
    if (ready.test(seen)) return child.stdout.resume();
  }
  throw new Error(`${line} ended before it was ready`);
}
