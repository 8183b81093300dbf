import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import type { Command } from '../../src/cli/command.ts';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kswitch } from '../../src/cli/kswitch.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { alice } from '../ccache/tickets.ts';
import { ticketFor } from '../cli/caches.ts';
import { type Environment, ours, theirs } from '../support/both-programs.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';

let home: string;
let directory: string;
let env: Environment;
beforeEach(() => {
  home = scratch();
  directory = join(home, 'd');
  // A server of names might take longer to answer than the programs are given.
  writeFileSync(join(home, 'krb5.conf'), '[libdefaults]\ndns_lookup_kdc = false\n');
  env = {
    KRB5_CONFIG: join(home, 'krb5.conf'),
    KRB5CCNAME: `DIR:${directory}`,
    KRB5KIT_HOME: join(home, 'data'),
    HOME: home,
    LC_ALL: 'C',
    TZ: 'UTC',
  };
});

const bob = parsePrincipal('bob@A.TEST');
const commands = { klist, kdestroy, kswitch, kvno, kinit };

/** A directory as the test wants it before each of the two programs runs. */
type Setting = () => void;

const settings = {
  /** Two members, of which the second one is primary, and some other files. */
  two() {
    mkdirSync(directory, { mode: 0o700 });
    const bobs = ticketFor('krbtgt/A.TEST@A.TEST', { client: bob });
    const alices = ticketFor('krbtgt/A.TEST@A.TEST');
    writeFileSync(join(directory, 'tkt'), CcacheFile.encode({ principal: alice, credentials: [alices] }));
    writeFileSync(join(directory, 'tktbob'), CcacheFile.encode({ principal: bob, credentials: [bobs] }));
    writeFileSync(join(directory, 'tktjunk'), 'junk');
    writeFileSync(join(directory, 'other'), 'not a cache');
    writePrimary('tktbob\n');
  },
  none: () => undefined,
  empty: () => mkdirSync(directory),
  file: () => writeFileSync(directory, ''),
  'no primary file': () => {
    settings.two();
    rmSync(join(directory, 'primary'));
  },
  'a primary that is gone': () => {
    settings.two();
    writePrimary('tktgone\n');
  },
  'a primary of another kind': () => {
    settings.two();
    writePrimary('other\n');
  },
  'a primary elsewhere': () => {
    settings.two();
    writePrimary('tkt/../../x\n');
  },
  'a primary without its newline': () => {
    settings.two();
    writePrimary('tktbob');
  },
  'a primary with a second line': () => {
    settings.two();
    writePrimary('tkt\nmore');
  },
  'a primary of 62 letters': () => writePrimary(`tkt${'x'.repeat(59)}\n`),
  'a primary of 63 letters': () => writePrimary(`tkt${'x'.repeat(60)}\n`),
  'an empty primary file': () => writePrimary(''),
  'a primary with a NUL': () => writePrimary('tkt\0\n'),
  'a directory for a primary': () => mkdirSync(join(directory, 'primary'), { recursive: true }),
} satisfies Record<string, Setting>;

function writePrimary(text: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'primary'), text);
}

/** What is left: the names of the files, and what `primary` says. */
function leftOver() {
  if (!existsSync(directory)) return undefined;
  try {
    // The reference implementation's kinit leaves the empty member that it failed to fill; ours does not.
    const names = readdirSync(directory).filter(name => !/^tkt\w{6}$/.test(name));
    const primary = names.includes('primary')
      ? readFileSync(join(directory, 'primary'), 'latin1')
      : undefined;
    return { names, primary };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

async function expectSame(setting: Setting, line: string, more: Environment = {}): Promise<void> {
  const [name, ...words] = line.split(' ');
  const argv = words.map(word => word.replace('%d', directory));
  const command: Command = commands[name as keyof typeof commands];
  const environment = { ...env, ...more };
  setting();
  const ourEnd = { ...(await ours(command, argv, environment)), left: leftOver() };
  rmSync(directory, { recursive: true, force: true });
  setting();
  const theirEnd = { ...theirs(command, argv, environment), left: leftOver() };
  rmSync(directory, { recursive: true, force: true });
  expect(ourEnd, line).toEqual(theirEnd);
}

describePeer('mit-client', () => {
  describe.each(Object.entries(settings))(
    'with %s, we and the reference implementation agree on',
    (_, setting) => {
      it.each([
        'klist',
        'klist -l',
        'klist -A',
        'klist -s',
        'klist -As',
        'kdestroy',
        'kdestroy -q',
        'kdestroy -A',
        'kdestroy -p alice@A.TEST',
        'kdestroy -p nobody@A.TEST',
        'kswitch -p alice@A.TEST',
        'kswitch -p nobody@A.TEST',
        'kswitch -c DIR:%d',
        'kswitch -c DIR::%d/tkt',
        'kvno host/a@A.TEST',
        'kinit nobody@A.TEST',
      ])('%s', line => expectSame(setting, line));
    },
  );

  describe('the names of members mean the same', () => {
    const named = [
      'klist %n',
      'klist -l %n',
      'klist -A %n',
      'kdestroy -c %n',
      'kdestroy -A -c %n',
      'kswitch -c %n',
      'kvno -c %n x@A.TEST',
      'kinit -c %n x@A.TEST',
    ];
    // Written by kswitch with the last name, of root.
    const hadPrimary = existsSync('/primary');
    afterAll(() => {
      if (!hadPrimary) rmSync('/primary', { force: true });
    });

    it.each([
      'DIR:',
      'DIR::',
      'DIR:::',
      'DIR:%d/',
      'DIR:%d/no/such',
      'DIR::%d/tkt',
      'DIR::%d/tktnone',
      'DIR::%d//tkt',
      'DIR::%d/tkt/',
      'DIR::%d/other',
      'DIR::%d/no/tkt',
      'DIR::tkt',
      'DIR::/tktnone',
    ])('%s', async name => {
      for (const line of named) await expectSame(settings.two, line.replace('%n', name));
    });

    it('in KRB5CCNAME, too, where a member stands for itself alone', async () => {
      for (const file of ['tkt', 'tktnone']) {
        const more = { KRB5CCNAME: `DIR::${directory}/${file}` };
        for (const line of [
          'klist',
          'klist -l',
          'klist -A',
          'kdestroy',
          'kdestroy -A',
          'kswitch -p bob@A.TEST',
        ]) {
          await expectSame(settings.two, line, more);
        }
      }
      const more = { KRB5CCNAME: `DIR::${directory}/tkt` };
      await expectSame(settings.two, 'kinit bob@A.TEST', more);
      await expectSame(settings.two, 'kswitch -p alice@A.TEST', more);
    });
  });

  it('kswitch takes its options alike', async () => {
    for (const line of [
      'kswitch',
      'kswitch -c a -p b',
      'kswitch -c a -c b',
      'kswitch operand',
      'kswitch -p alice@A.TEST operand',
      'kswitch -p a@b@c',
      'kswitch -c BOGUS:x',
      'kswitch -c FILE:/nonexistent/x',
      'kswitch -c MEMORY:x',
      'kswitch -c DIR:%d/../no/such',
    ]) {
      await expectSame(settings.two, line);
    }
    for (const line of ['kswitch -p alice@A.TEST', 'kswitch -p nobody@A.TEST']) {
      await expectSame(settings.two, line, { KRB5CCNAME: join(directory, 'tkt') });
    }
  });

  it('makes the directory for its owner alone, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      await ours(klist, [], env);
    } finally {
      process.umask(before);
    }
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'primary')).mode & 0o777).toBe(0o600);
  });
});

describePeer('mit-kdc', () => {
  let kdc: MitKdc;
  beforeAll(async () => {
    kdc = await startMitKdc({ principals: ['addprinc -pw bobpw bob'] });
  });
  afterAll(() => kdc?.stop());

  /** Each of the programs, in both implementations, on the same directory. */
  const both = [
    { who: 'ours', run: ours },
    { who: 'theirs', run: async (...call: Parameters<typeof theirs>) => theirs(...call) },
  ];
  const pairs = both.flatMap(first => both.map(second => ({ first, second })));

  it.each(pairs)('kinit of $first.who and $second.who fill one collection', async ({ first, second }) => {
    const here = { ...env, KRB5_CONFIG: kdc.krb5Conf };
    expect(await first.run(kinit, ['-V', 'alice'], here, 'alicepw\n')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`Using default cache: :${directory}/tkt\n`),
    });
    expect(await second.run(kinit, ['-V', 'bob'], here, 'bobpw\n')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^Using new cache: :.*\/d\/tkt\w{6}\n/),
    });
    expect(await first.run(kvno, ['host/localhost'], here)).toMatchObject({ status: 0 });
    for (const line of ['klist -l', 'klist -A', 'klist -efC']) {
      const [name, ...argv] = line.split(' ');
      const command = commands[name as 'klist'];
      const said = await ours(command, argv, here);
      expect(said).toEqual(theirs(command, argv, here));
      expect(said.status).toBe(0);
    }
    expect(principals(here)).toEqual(['bob@A.TEST', 'alice@A.TEST']);
    expect(await second.run(kinit, ['-V', 'alice'], here, 'alicepw\n')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`Using existing cache: :${directory}/tkt\n`),
    });
    expect(principals(here)).toEqual(['alice@A.TEST', 'bob@A.TEST']);
    expect(await first.run(kswitch, ['-p', 'bob'], here)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(principals(here)).toEqual(['bob@A.TEST', 'alice@A.TEST']);
    expect(await second.run(kdestroy, [], here)).toMatchObject({
      status: 0,
      stderr: 'Other credential caches present, use -A to destroy all\n',
    });
    expect(principals(here)).toEqual(['alice@A.TEST']);
    expect(await first.run(kdestroy, ['-A'], here)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(readdirSync(directory)).toEqual(['primary']);
  });

  it('leaves nothing behind when kinit fails', async () => {
    const here = { ...env, KRB5_CONFIG: kdc.krb5Conf };
    await ours(kinit, ['alice'], here, 'alicepw\n');
    expect(await ours(kinit, ['bob'], here, 'wrong\n')).toMatchObject({ status: 1 });
    expect(readdirSync(directory).sort()).toEqual(['primary', 'tkt']);
    expect(principals(here)).toEqual(['alice@A.TEST']);
  });

  function principals(here: Environment): readonly string[] {
    const { stdout } = theirs(klist, ['-l'], here);
    return stdout
      .split('\n')
      .slice(2, -1)
      .map(line => line.split(' ')[0]!);
  }
});

describePeer('heimdal-client', () => {
  it('Heimdal lists the primary of our collection and adds its tickets there', async () => {
    const kdc = await startMitKdc({ principals: ['addprinc -pw bobpw bob'] });
    onTestFinished(() => kdc.stop());
    const here = { ...env, KRB5_CONFIG: kdc.krb5Conf };
    await ours(kinit, ['alice'], here, 'alicepw\n');
    await ours(kinit, ['bob'], here, 'bobpw\n');
    const heimdal = (name: string, ...argv: string[]) =>
      spawnSync(`/opt/heimdal/bin/${name}`, argv, { env: here, encoding: 'utf8', timeout: 20_000 });
    expect(heimdal('klist').stdout).toMatch(/Credentials cache: DIR::.*\n +Principal: bob@A\.TEST\n/);
    expect(heimdal('kgetcred', 'host/localhost').status).toBe(0);
    expect((await ours(klist, [], here)).stdout).toContain('host/localhost@A.TEST');
    await ours(kswitch, ['-p', 'alice'], here);
    expect(heimdal('klist').stdout).toContain('Principal: alice@A.TEST\n');
  });
});
