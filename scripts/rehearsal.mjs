// At build time the commands rehearse the life of a ticket in a realm of their own. What V8 compiled meanwhile is what a
// typical use needs: a third to a half of all the bytecode, and that much faster to load.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('rehearse.cjs', import.meta.url));
const patience = 10_000; // milliseconds for one command; all of them together take one

/**
 * Rehearses the bundles in the directory `bundles`; resolves to the bytecode of each that was run, by its name. A
 * command whose turn did not come, or that failed, is absent; where no sockets are to be had, all are.
 */
export async function rehearse(bundles) {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-build-'));
  const troupe = createTroupe(bundles, folder);
  try {
    await lifeOfATicket(folder, troupe);
  } catch {
    // Complete bytecode serves as well.
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
  await Promise.all([run('klist', ['-e', '-f']), run('present', ['sample@localhost', '--port', port])]);
  await run('kdestroy', []);
}

function createTroupe(bundles, folder) {
  const members = [];
  const bytecode = join(folder, 'bytecode');
  mkdirSync(bytecode);
  // Flags of Node would be part of the bytecode. The rest sees to it that neither the configuration nor the tickets nor
  // the keychain of whoever builds are looked at.
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
    /** Starts a command that stays; resolves to what `ready` captures in its output. */
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
    /** Runs a command to its end. */
    async run(name, args, typed = '') {
      const { child, ended } = enter(name, args);
      child.stdout.resume();
      child.stdin.end(typed);
      if ((await ended) !== 0) throw new Error(`${name} failed`);
    },
    /** Ends those that stay. */
    async dismiss() {
      for (const { child } of members) child.kill('SIGTERM');
      await Promise.allSettled(members.map(({ ended }) => ended));
    },
  };
}
