// `npm run demo`: the whole story of a ticket, typed as a person would: a KDC of our own on free ports of this machine,
// a password, a ticket in the cache, a service that proves who it is, expiry, flush. Every step is checked. Everything
// lives in a directory of its own, so that tickets of yours are left alone.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const bin = fileURLToPath(new URL('../bin', import.meta.url));
const shortLife = 3;
const realm = {
  realm: 'DEMO.TEST',
  users: [{ name: 'alice', password: 'wonderland' }],
  services: ['sample/localhost', 'HTTP/localhost', { name: 'short/localhost', maxLife: `${shortLife}s` }],
};

setUp();
const folder = mkdtempSync(join(tmpdir(), 'krb5kit-demo-'));
writeFileSync(join(folder, 'realm.json'), JSON.stringify(realm, undefined, 2));
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  KRB5_CONFIG: join(folder, 'krb5.conf'),
  KRB5RCACHEDIR: folder,
  KRB5KIT_HOME: join(folder, 'home'),
};
delete env.KRB5CCNAME;
// Where no keychain answers the cache is a file, and that must not be the user's own.
if (!(await keychainAnswers())) env.KRB5CCNAME = `FILE:${join(folder, 'tickets')}`;

const running = new Map();
try {
  await story();
} catch (error) {
  console.error(`\nThe demo has failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const child of running.values()) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

async function story() {
  say('A realm of our own: a KDC, a user with a password, services with keys in a keytab.');
  await start(
    'krb5kit kdc --principals realm.json --keytab service.keytab --krb5-conf krb5.conf --quiet',
    /ready on \S+ port \d+/,
  );

  say('Alice proves who she is. Her ticket and its session key go into the cache.');
  await run('kinit alice', { typed: 'wonderland\n', expect: /Password for alice@DEMO.TEST: / });
  await run('klist -ef', {
    expect: /Default principal: alice@DEMO\.TEST[\s\S]*krbtgt\/DEMO\.TEST@DEMO\.TEST/,
  });

  say('With it she gets tickets for services, without her password.');
  await run('kvno -k service.keytab sample/localhost', { expect: /kvno = 1, keytab entry valid/ });

  say(
    'A service with nothing but its key. Alice presents her ticket, and the service proves who it is, too.',
  );
  const port = await start('krb5kit serve -k service.keytab --port 0', /port (\d+)/);
  const proved = /the service has proved that it holds its key\nIt says: You are alice@DEMO\.TEST/;
  await run(`krb5kit present sample@localhost --port ${port}`, { expect: proved });

  say(`A ticket that lives for ${shortLife} seconds.`);
  await run('kvno short/localhost', { expect: /kvno = 1/ });
  const expires = Date.now() + shortLife * 1000;

  say('The KDC is stopped. Tickets that are there go on working; new ones are not to be had.');
  await stop('krb5kit kdc');
  await run(`krb5kit present sample@localhost --port ${port}`, { expect: proved });
  await run('kvno HTTP/localhost', { status: 1, expect: /Cannot contact any KDC for realm 'DEMO\.TEST'/ });

  say('The short ticket has expired: it is shown, not used, and swept.');
  await sleep(Math.max(0, expires + 1200 - Date.now()));
  await run('klist', { expect: /short\/localhost/ });
  await run('kvno --cached-only short/localhost', { status: 1, expect: /Matching credential not found/ });
  await run('kdestroy --expired', { expect: /1 expired ticket removed/ });
  await run('klist', { expect: /^(?!.*short\/localhost).*sample\/localhost/s });

  say('Alice leaves: every ticket and every session key is destroyed.');
  await run('kdestroy -A');
  await run('klist', { status: 1, expect: /klist: .*not? found|klist: No credentials cache found/ });
}

function say(text) {
  console.log(`\n# ${text}`);
}

/** Runs a command line, shows its output, and throws where it did not do what it should. */
async function run(line, { typed = '', status = 0, expect = /(?:)/ } = {}) {
  console.log(`$ ${line}`);
  const child = launch(line);
  let output = '';
  const show = chunk => {
    process.stdout.write(chunk);
    output += chunk;
  };
  child.stdout.on('data', show);
  child.stderr.on('data', show);
  child.stdin.end(typed);
  const overdue = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const ended = await new Promise(resolve => child.once('close', resolve));
  clearTimeout(overdue);
  if (ended !== status) throw new Error(`"${line}" ended with status ${ended}, not ${status}`);
  if (!expect.test(output)) throw new Error(`"${line}" did not print what it should`);
}

function launch(line) {
  const [name, ...args] = line.split(' ');
  return spawn(process.execPath, [join(bin, name), ...args], { cwd: folder, env });
}

/** Starts a command line in the background; resolves to what `ready` captures in its output. */
async function start(line, ready) {
  console.log(`$ ${line} &`);
  const child = launch(line);
  running.set(line.split(' ').slice(0, 2).join(' '), child);
  let seen = '';
  return new Promise((resolve, reject) => {
    const show = chunk => {
      process.stdout.write(chunk);
      seen += chunk;
      const match = ready.exec(seen);
      if (match) resolve(match[1]);
    };
    child.stdout.on('data', show);
    child.stderr.on('data', show);
    child.on('close', () => reject(new Error(`"${line}" ended before it was ready`)));
  });
}

async function stop(name) {
  const child = running.get(name);
  console.log('$ kill %1');
  const closed = new Promise(resolve => child.once('close', resolve));
  child.kill('SIGTERM');
  await closed;
}

/** Whether `kinit` would keep its tickets in the keychain here. */
async function keychainAnswers() {
  const { probeKeychain } = await import('../dist/index.js');
  return (await probeKeychain(process.env, process.platform)).usable;
}
