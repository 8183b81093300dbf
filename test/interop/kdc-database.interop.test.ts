import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { kdc } from '../../src/cli/kdc.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { type Background, startCommand } from '../cli/service.ts';
import { type HeimdalKdc, startHeimdalKdc } from '../support/heimdal-kdc.ts';
import { captureIo } from '../support/io.ts';
import { type MitKdc, type ProgramResult, startMitKdc } from '../support/mit-kdc.ts';
import { outputOf } from '../support/output-schema.ts';
import { describePeer, findProgram } from '../support/peers.ts';

let folder: string;
let served: Background | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});

afterEach(async () => {
  served?.io.stop();
  await served?.ended;
  served = undefined;
  rmSync(folder, { recursive: true });
});

const inFolder = (name: string): string => join(folder, name);
const environment = () => ({
  HOME: folder,
  KRB5KIT_KDC_DATABASE: inFolder('kdc.db'),
  LC_ALL: 'C',
  TZ: 'UTC',
});

/** Runs `krb5kit kdc …`, which must work. */
async function ours(argv: readonly string[], stdin = ''): Promise<string> {
  const io = captureIo({ env: environment(), stdin });
  const status = await runCommand(kdc, argv, io);
  expect({ status, stderr: io.stderr }).toEqual({ status: 0, stderr: '' });
  return io.stdout;
}

/** Serves our database with a krb5.conf for clients. */
async function serve(): Promise<void> {
  const options = ['--database', inFolder('kdc.db'), '--krb5-conf', inFolder('krb5.conf')];
  served = await startCommand(kdc, options, { env: environment(), ready: /ready on .*\n/ });
}

/** Runs one of MIT's administrative programs on a realm's database. */
function administrate(
  mit: MitKdc,
  program: string,
  args: readonly string[],
  profile = mitProfile(mit),
): string {
  const { status, stdout, stderr } = spawnSync(findProgram(program)!, ['-r', mit.realm, ...args], {
    env: { ...mit.env, KRB5_KDC_PROFILE: profile },
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

const mitProfile = ({ dir }: MitKdc): string => join(dir, 'kdc.conf');

/** The keys of a keytab, for comparison. */
async function keysOf(keytab: string): Promise<string[]> {
  const entries = await resolveKeytab(keytab).entries();
  return entries.map(
    ({ principal, kvno, key }) =>
      `${principal.components.join('/')} ${kvno} ${key.keytype} ${Buffer.from(key.keyvalue).toString('hex')}`,
  );
}

describePeer('mit-kdc', () => {
  let mit: MitKdc;
  beforeAll(async () => {
    mit = await startMitKdc();
  });
  afterAll(() => mit.stop());

  /** A client of MIT's whose KDC is ours. */
  const clientOfOurs = (program: string, args: readonly string[], input = ''): Promise<ProgramResult> =>
    mit.run('env', [`KRB5_CONFIG=${inFolder('krb5.conf')}`, findProgram(program)!, ...args], input);

  async function makeRealm(): Promise<void> {
    await ours(['init', mit.realm]);
    await ours(['add', 'carol'], 'carolpw\n');
    await ours(['add', 'short', '-s', 'maxLife=5m', '-s', 'disallowForwardable=true'], 'shortpw\n');
    await ours(['add', '-r', 'host/localhost']);
    await ours(['passwd', '-r', '-k', 'host/localhost']);
    await ours(['ktadd', inFolder('ours.keytab'), 'host/localhost']);
  }

  it('gives its realm to krb5kdc, which serves the same principals with the same keys', async () => {
    await makeRealm();
    await serve();
    const cache = `FILE:${inFolder('cc')}`;
    expect(await clientOfOurs('kinit', ['-c', cache, 'carol'], 'carolpw\n')).toMatchObject({ status: 0 });
    const changed = await clientOfOurs('kpasswd', ['carol'], 'carolpw\ncaroline\ncaroline\n');
    expect(changed).toMatchObject({ status: 0, stdout: expect.stringContaining('Password changed') });
    // Under the master key that the running KDC has.
    await ours(['dump', inFolder('dump'), '--mit-stash', join(mit.dir, 'stash')]);
    administrate(mit, 'kdb5_util', ['load', inFolder('dump')]);
    expect(await mit.run('kinit', ['carol'], 'caroline\n')).toMatchObject({ status: 0, stderr: '' });
    expect((await mit.run('kinit', ['alice'], 'alicepw\n')).stderr).toContain(
      'not found in Kerberos database',
    );
    const keytab = `FILE:${inFolder('ours.keytab')}`;
    expect(await mit.run('kinit', ['-k', '-t', keytab, 'host/localhost'])).toMatchObject({ status: 0 });
    expect(await mit.run('kvno', ['-k', keytab, 'host/localhost'])).toMatchObject({
      status: 0,
      stdout: `host/localhost@${mit.realm}: kvno = 2, keytab entry valid\n`,
    });
    // A ticket of ours opens there: the ticket-granting service has the same key, too.
    expect(await mit.run('kvno', ['-c', cache, 'host/localhost'])).toMatchObject({ status: 0 });
    expect(mit.kadmin(['getprinc short'])).toMatch(
      /Maximum ticket life: 0 days 00:05:00[\s\S]*Attributes: DISALLOW_FORWARDABLE REQUIRES_PRE_AUTH/,
    );
  });

  it('makes a new stash, or takes a master password, for a KDC that has neither', async () => {
    await makeRealm();
    const profile = inFolder('kdc.conf');
    const loaded = async (dumpOptions: readonly string[], input: string, prepare: () => void) => {
      writeFileSync(
        profile,
        readFileSync(mitProfile(mit), 'utf8')
          .replace(/database_name = .*/, `database_name = ${inFolder(`principal-${dumpOptions.length}`)}`)
          .replace(/key_stash_file = .*/, `key_stash_file = ${inFolder(`stash-${dumpOptions.length}`)}`),
      );
      await ours(['dump', inFolder('dump'), ...dumpOptions], input);
      administrate(mit, 'kdb5_util', ['load', inFolder('dump')], profile);
      prepare();
      const keytab = inFolder(`theirs-${dumpOptions.length}.keytab`);
      const command = `ktadd -norandkey -k ${keytab} host/localhost`;
      administrate(mit, 'kadmin.local', ['-q', command], profile);
      expect((await keysOf(keytab)).sort()).toEqual((await keysOf(inFolder('ours.keytab'))).sort());
    };
    await loaded(['--mit-stash', inFolder('stash-2')], '', () => undefined);
    await loaded(['--master-password'], 'masterpw\n', () => {
      administrate(mit, 'kdb5_util', ['-P', 'masterpw', 'stash'], profile);
    });
  });
});

describePeer('mit-kdc', () => {
  let mit: MitKdc;
  beforeAll(async () => {
    mit = await startMitKdc({
      principals: [
        'addpol -minlength 6 -maxfailure 3 careful',
        'addprinc -pw bobpassword -policy careful bob',
      ],
    });
  });
  afterAll(() => mit.stop());

  it.each([
    ['version 7', []],
    ['version 5 (krb5 1.3 to 1.7)', ['-r13']],
  ])("takes over a realm of MIT's from a dump of %s, and its tickets with it", async (_, options) => {
    const cache = `FILE:${inFolder('cc')}`;
    expect(await mit.run('kinit', ['-c', cache, 'alice'], 'alicepw\n')).toMatchObject({ status: 0 });
    administrate(mit, 'kdb5_util', ['dump', inFolder('dump')]);
    await ours(['init', mit.realm]);
    const said = await ours(['import', inFolder('dump'), '--master-key', join(mit.dir, 'stash')]);
    expect(said).toMatch(/^Imported \d\d principals\n$/);
    await serve();
    const client = (program: string, args: readonly string[], input = '') =>
      mit.run('env', [`KRB5_CONFIG=${inFolder('krb5.conf')}`, findProgram(program)!, ...args], input);
    const keytab = `FILE:${mit.keytab}`;
    expect(await client('kvno', ['-c', cache, '-k', keytab, 'host/localhost'])).toMatchObject({ status: 0 });
    for (const [user, password] of [
      ['alice', 'alicepw'],
      ['nopreauth', 'nopre'],
      ['sha2user', 'sha2pw'],
      ['saltuser', 'saltpw'],
      ['bob', 'bobpassword'],
    ] as const) {
      expect(await client('kinit', ['-c', cache, user], `${password}\n`), user).toMatchObject({ status: 0 });
    }
    expect((await client('kinit', ['-c', cache, 'dead'], 'deadpw\n')).stderr).toContain('expired');
    expect((await client('kinit', ['-c', cache, 'disabled'], 'disabledpw\n')).stderr).toContain('revoked');
    if (options.length > 0) return;
    const { policy } = outputOf('realmPolicy', await ours(['policy', '--json']));
    expect(policy.policies.careful).toMatchObject({ minLength: 6, maxFailures: 3 });
    expect(outputOf('principalEntry', await ours(['show', '--json', 'bob'])).policy.policy).toBe('careful');
  });
});

describePeer('heimdal-kdc', () => {
  let heimdal: HeimdalKdc;
  beforeAll(async () => {
    heimdal = await startHeimdalKdc({
      principals: [
        'add --use-defaults -p short-pw --max-ticket-life=5m short',
        'add --use-defaults -r old/localhost',
        'cpw -r --keepold old/localhost',
      ],
    });
  });
  afterAll(() => heimdal.stop());

  function dump(): void {
    const { status, stderr } = spawnSync(
      '/opt/heimdal/usr/bin/kadmin.heimdal',
      ['-l', '-c', join(heimdal.dir, 'kdc.conf'), '-r', 'H.TEST', 'dump', inFolder('dump')],
      { env: { ...heimdal.env, KRB5_CONFIG: join(heimdal.dir, 'kdc.conf') }, encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
  }

  it("takes over a realm of Heimdal's", async () => {
    dump();
    await ours(['init', 'H.TEST']);
    const io = captureIo({ env: environment() });
    const argv = ['import', inFolder('dump'), '-m', join(heimdal.dir, 'mkey')];
    expect(await runCommand(kdc, argv, io), io.stderr).toBe(0);
    // Heimdal keeps a principal of a realm of its own making.
    expect(io.stderr).toMatch(/^(?:krb5kit kdc import: WELLKNOWN\S+ is of another realm\n)?$/);
    await ours(['ktadd', inFolder('ours.keytab'), 'host/localhost', 'HTTP/localhost']);
    const theirs = (await keysOf(heimdal.keytab)).sort();
    const ourKeys = await keysOf(inFolder('ours.keytab'));
    expect(ourKeys).toEqual(expect.arrayContaining(theirs.filter(key => / (?:17|18|19|20|23) /.test(key))));
    await serve();
    const env = { ...heimdal.env, KRB5_CONFIG: inFolder('krb5.conf') };
    await loginByHeimdal(env, 'alice', 'alicepw');
    await loginByHeimdal(env, 'short', 'short-pw');
    expect(outputOf('principalEntry', await ours(['show', '--json', 'short'])).policy).toMatchObject({
      maxLife: 300,
    });
    const { keys } = outputOf('principalEntry', await ours(['show', '--json', 'old/localhost']));
    expect(keys).toMatchObject([{ kvno: 2 }, { kvno: 1 }]);
  });

  /** Its kinit, while our KDC answers from this process. */
  async function loginByHeimdal(env: NodeJS.ProcessEnv, user: string, password: string): Promise<void> {
    const { spawn } = await import('node:child_process');
    const child = spawn('/opt/heimdal/bin/kinit', ['--password-file=STDIN', user], { env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        output += text;
      });
    }
    child.stdin.end(`${password}\n`);
    expect(await new Promise(resolve => child.once('close', resolve)), output).toBe(0);
  }
});
