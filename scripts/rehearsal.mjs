// At build time, the commands go through the life of a ticket in a realm of their own. The functions that V8 compiles
// meanwhile are those that a typical use needs: a third to a half of all bytecode, which loads that much faster.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('rehearse.cjs', import.meta.url));
const patience = 10_000; // milliseconds for one command; all of them together take one

/**
 * Rehearses the bundles in the directory `bundles`; resolves to the bytecode of each that was run, by its name. A
 * command that failed or was not run is absent; without sockets, all are.
 */
export async function rehearse(bundles) {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-build-'));
  const troupe = createTroupe(bundles, folder);
  try {
    await lifeOfATicket(folder, troupe);
  } catch {
    // The rehearsal is optional: complete bytecode works as well.
  } finally {
    await troupe.dismiss();
  }
  try {
    const names = readdirSync(troupe.bytecode);
    return new Map(names.map(name => [name, readFileSync(join(troupe.bytecode, name))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function lifeOfATicket(folder, { start, run }) {
  const keytab = ['--keytab', join(folder, 'keytab')];
  const realm = ['--user', 'alice:wonderland', '--service', 'sample/localhost', ...keytab];
  await start('kdc', [...realm, '--krb5-conf', join(folder, 'krb5.conf')], /ready/);
  const [port] = await Promise.all([
    start('serve', [...keytab, '--port', '0'], /port (\d+)/),
    run('kinit', ['alice'], 'wonderland\n'),
  ]);
  await run('kvno', ['sample/localhost']);
  // The ticket is cached now, as it is most of the time: the bundle keeps the bytecode of this use, its parts that of the
  // first one.
  await run('kvno', ['sample/localhost']);
  await Promise.all([run('klist', ['-e', '-f']), run('present', ['sample@localhost', '--port', port])]);
  await run('kdestroy', []);
}

function createTroupe(bundles, folder) {
  const members = [];
  const bytecode = join(folder, 'bytecode');
  mkdirSync(bytecode);
  // Flags of Node would become part of the bytecode. The other variables keep the commands away from the configuration,
  // tickets and keychain of the user who builds.
  const { NODE_OPTIONS: _, KRB5_TRACE: __, ...others } = process.env;
  const env = {
    ...others,
    HOME: folder,
    KRB5KIT_HOME: join(folder, 'home'),
    KRB5RCACHEDIR: folder,
    KRB5_CONFIG: join(folder, 'krb5.conf'),
    KRB5CCNAME: `FILE:${join(folder, 'tickets')}`,
  };

  function enter(name, args) {
    const words = [script, join(bundles, `${name}.cjs`), bytecode, ...args];
    const child = spawn(process.execPath, words, { env, cwd: folder, timeout: patience });
    const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    child.stdin.on('error', () => {}); // one that ends without reading
    child.stderr.resume();
    members.push({ child, ended });
    return { child, ended };
  }

  return {
    bytecode,
    /** Starts a command that keeps running; resolves to what `ready` captures in its output. */
    start(name, args, ready) {
      const { child, ended } = enter(name, args);
      let output = '';
      return new Promise((resolve, reject) => {
        child.stdout.on('data', chunk => {
          output += chunk;
          const match = ready.exec(output);
          if (match) resolve(match[1]);
        });
        ended.then(() => reject(new Error(`${name} ended`)), reject);
      });
    },
    /** Runs a command and waits for its end. */
    async run(name, args, typed = '') {
      const { child, ended } = enter(name, args);
      child.stdout.resume();
      child.stdin.end(typed);
      if ((await ended) !== 0) throw new Error(`${name} failed`);
    },
    /** Ends the commands that keep running. */
    async dismiss() {
      for (const { child } of members) child.kill('SIGTERM');
      await Promise.allSettled(members.map(({ ended }) => ended));
    },
  };
}
