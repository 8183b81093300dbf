import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, it } from 'vitest';
import { scratch } from '../ccache/samples.ts';
import { describePeer, findProgram } from '../support/peers.ts';

/** A user namespace has keyrings of its own, so that the user's stay as they are. */
const unshare = ['--user', '--map-root-user', findProgram('keyctl') ?? '', 'session', '-', '/bin/sh', '-c'];
const possible = spawnSync('unshare', [...unshare, 'keyctl show @u'], { encoding: 'utf8' }).status === 0;

/** All that keyctl has to say. */
const JOINED = /^Joined session keyring: \d+\n$/;

describePeer('keyutils', () => {
  it.skipIf(!possible)('destroys the collections in the keyrings of the user, and makes none', () => {
    const seeded = run(`
      keyctl link @u @s
      node seed.cjs KEYRING:user:one KEYRING:user:one:second KEYRING:user: KEYRING:persistent:
      node seed.cjs KEYRING:session:here KEYRING:session:here:second KEYRING:old
      echo other | keyctl padd user other @u >/dev/null
      node logout.cjs; echo status $?
      node logout.cjs; echo status $?
      keyctl get_persistent @s 0 >/dev/null; keyctl show @s`);
    expect(seeded.stderr).toMatch(JOINED);
    const [told, rest = ''] = seeded.stdout.split(/(?<=^status 0\n)(?=No cred)/m);
    expect(told!.split('\n').sort()).toEqual([
      '',
      expect.stringMatching(/^Destroyed KEYRING:persistent:0:\w+ of alice@A\.TEST$/),
      'Destroyed KEYRING:session:here:here of alice@A.TEST',
      'Destroyed KEYRING:session:here:second of alice@A.TEST',
      'Destroyed KEYRING:session:old:old of alice@A.TEST',
      'Destroyed KEYRING:user::tkt of alice@A.TEST',
      'Destroyed KEYRING:user:one:one of alice@A.TEST',
      'Destroyed KEYRING:user:one:second of alice@A.TEST',
      'status 0',
    ]);
    expect(rest).toMatch(/^No credential caches found\nstatus 0\n/);
    expect(rest).toContain('user: other');
    expect(rest).not.toMatch(/__krb5_princ__|krbtgt/);
  });

  it.skipIf(!possible)('destroys the others when the keyring of the session has been revoked', () => {
    const { stdout, stderr } = run(`
      keyctl link @u @s
      node seed.cjs KEYRING:user:one KEYRING:session:here
      keyctl revoke @s
      node logout.cjs; echo status $?`);
    expect(stdout).toBe('Destroyed KEYRING:user:one:one of alice@A.TEST\nstatus 0\n');
    expect(stderr).toMatch(JOINED);
  });

  it.skipIf(!possible)('asks for nothing, and makes no keyring, where there is no collection', () => {
    const { stdout, stderr } = run(`
      node logout.cjs; echo status $?
      keyctl link @u @s; keyctl show @u | grep _krb; echo end`);
    expect(stdout).toBe('No credential caches found\nstatus 0\nend\n');
    expect(stderr).toMatch(JOINED);
  });
});

/** Runs a script of the shell in a session and a namespace of its own, with `seed.cjs NAME…` and `logout.cjs` at hand. */
function run(script: string) {
  const home = scratch();
  bundle(
    join(home, 'seed.cjs'),
    `import { resolveCcache } from '../../src/ccache/resolve.ts'; import { contents } from '../ccache/tickets.ts';
    const environment = { dataDirectory: ${JSON.stringify(join(home, 'data'))}, keychain: () => Promise.reject() };
    const endtime = new Date(Date.now() + 3600_000);
    const credentials = contents.credentials.map(each => ({ ...each, endtime }));
    (async () => { for (const name of process.argv.slice(2)) {
      await (await resolveCcache(name, environment)).initialize({ ...contents, credentials });
    } })();`,
  );
  bundle(
    join(home, 'logout.cjs'),
    `import { logout } from '../../src/cli/logout.ts'; import { main } from '../../src/cli/main.ts'; main(logout, []);`,
  );
  writeFileSync(join(home, 'krb5.conf'), '');
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    KRB5KIT_HOME: join(home, 'data'),
    KRB5CCNAME: join(home, 'none'),
    KRB5_CONFIG: join(home, 'krb5.conf'),
  };
  return spawnSync('unshare', [...unshare, script], { env, cwd: home, encoding: 'utf8', timeout: 60_000 });
}

function bundle(outfile: string, code: string): void {
  buildSync({
    stdin: { contents: code, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    supported: { 'dynamic-import': false },
    external: ['keytar', 'node-forge', 'node-forge/*'],
    // The files in the place that all users share are not the test's.
    banner: {
      js: "{ const fs = require('node:fs'); const list = fs.readdirSync; fs.readdirSync = (path, ...rest) => (path === '/tmp' ? [] : list(path, ...rest)); }",
    },
  });
}
