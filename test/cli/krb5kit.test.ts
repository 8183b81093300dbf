import { describe, expect, it } from 'vitest';
import { allCommands, krb5kit } from '../../src/cli/krb5kit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { VERSION } from '../../src/cli/version.ts';
import { captureIo } from '../support/io.ts';

async function run(...argv: readonly string[]) {
  const io = captureIo();
  return { status: await runCommand(krb5kit, argv, io), stdout: io.stdout, stderr: io.stderr };
}

describe('krb5kit', () => {
  it('tells its version', async () => {
    expect(await run('--version')).toEqual({ status: 0, stdout: `krb5kit version ${VERSION}\n`, stderr: '' });
  });

  it('lists every command in its help, with what it is for', async () => {
    const { status, stdout } = await run('--help');
    expect(status).toBe(0);
    for (const [name, { summary }] of Object.entries(allCommands)) {
      expect(stdout).toMatch(new RegExp(`^ +${name} +${summary.replace(/\W/g, '.')}$`, 'm'));
    }
    expect((await run('help')).stdout).toBe(stdout);
  });

  it.each(Object.keys(allCommands))('explains the options of %s, by help and by --help', async name => {
    const { status, stdout } = await run('help', name);
    expect(status).toBe(0);
    expect(stdout).toContain('--help');
    expect((await run(name, '--help')).stdout).toBe(stdout);
  });

  it('explains the commands of a command, and asked for help with help explains itself', async () => {
    expect((await run('help', 'cache', 'list')).stdout).toBe((await run('cache', 'list', '--help')).stdout);
    const { stdout } = await run('help');
    for (const word of ['help', '--help']) expect((await run('help', word)).stdout).toBe(stdout);
  });

  it('runs a command under its own name, with its own status', async () => {
    const { status, stderr } = await run('kinit', '-4');
    expect([status, stderr]).toEqual([3, 'Kerberos 4 is no longer supported\n']);
    expect((await run('kinit', '-Z')).stderr).toContain("kinit: invalid option -- 'Z'\n");
  });

  it.each([
    [[], 'Usage: krb5kit <command>'],
    [['nonsense'], "krb5kit: there is no command 'nonsense'\n"],
    [['help', 'nonsense'], "krb5kit: there is no command 'nonsense'\n"],
    [['help', 'klist', 'x'], "krb5kit: there is no command 'klist x'\n"],
    [['help', 'cache', 'toString'], "krb5kit: there is no command 'cache toString'\n"],
    [['toString'], "krb5kit: there is no command 'toString'\n"],
    [['kinti'], "krb5kit: there is no command 'kinti'; did you mean 'kinit'?\n"],
    [['Klist'], "krb5kit: there is no command 'Klist'; did you mean 'klist'?\n"],
    [['doctr'], "krb5kit: there is no command 'doctr'; did you mean 'doctor'?\n"],
    [['hlep', 'klist'], "krb5kit: there is no command 'hlep'; did you mean 'help'?\n"],
    [['x'], "krb5kit: there is no command 'x'\n"],
    [
      ['help', 'cache', 'improt'],
      "krb5kit: there is no command 'cache improt'; did you mean 'cache import'?\n",
    ],
    [['--nonsense'], "krb5kit: unrecognized option '--nonsense'\n"],
  ])('%j is a mistake, told with the usage and status 2', async (argv, complaint) => {
    const { status, stdout, stderr } = await run(...argv);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.startsWith(complaint)).toBe(true);
    expect(stderr).toContain('Usage: krb5kit <command>');
  });

  it.each([
    [['cache', 'lsit'], "krb5kit cache: there is no command 'lsit'; did you mean 'list'?\n"],
    [['kdc', 'strat'], "krb5kit kdc: there is no command 'strat'; did you mean 'start'?\n"],
    [['ktutil', 'lst'], "ktutil: there is no command 'lst'; did you mean 'list'?\n"],
  ])('suggests the closest command for %j, too', async (argv, complaint) => {
    const { status, stderr } = await run(...argv);
    expect([status, stderr.slice(0, complaint.length)]).toEqual([2, complaint]);
  });
});
