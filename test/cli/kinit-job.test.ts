import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';

let kdc: RunningKdc;
const log: string[] = [];
let folder: string;
let cc: string;

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'alicepw' }],
    services: ['robot', 'HTTP/web', 'ldap/dir'],
    log: line => log.push(line),
  });
});
afterAll(() => kdc?.close());
beforeEach(() => {
  folder = scratch();
  cc = join(folder, 'cc');
  writeFileSync(join(folder, 'krb5.conf'), kdc.krb5Conf());
  writeFileSync(join(folder, 'keytab'), KeytabFile.encode(kdc.keytab('robot')));
});

interface More {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds that have passed, as our clock says. */
  readonly later?: number;
}

/** Runs kinit and tells what the KDC was asked. */
async function run(argv: readonly string[], { stdin = '', env, later = 0 }: More = {}) {
  log.length = 0;
  const io = captureIo({
    env: { HOME: folder, KRB5_CONFIG: join(folder, 'krb5.conf'), KRB5CCNAME: `FILE:${cc}`, ...env },
    uid: process.geteuid?.(),
    stdin,
    now: () => new Date(Date.now() + later * 1000),
  });
  const status = await runCommand(kinit, argv, io);
  const asked = log.map(line => /^([AT]\w+_REQ).* for (\S+?)(?:,|$)/.exec(line)).filter(Boolean);
  return { status, output: io.output, asked: asked.map(match => `${match![1]} ${match![2]}`) };
}

const tickets = () =>
  CcacheFile.decode(readFileSync(cc)).credentials.filter(({ server }) => server.realm !== 'X-CACHECONF:');
const servers = () => tickets().map(({ server }) => formatPrincipal(server));
const TGT = 'krbtgt/A.TEST@A.TEST';
const keytab = () => ['-t', join(folder, 'keytab'), '-k', 'robot'];

describe('--for', () => {
  const argv = ['--for', 'HTTP/web', '--min', '10m'];

  it('gets both tickets where there are none, and asks no KDC for them while they last', async () => {
    const first = await run([...argv, ...keytab()]);
    expect(first).toMatchObject({ status: 0, output: '' });
    expect(first.asked).toContain('TGS_REQ HTTP/web@A.TEST');
    expect(servers()).toEqual([TGT, 'HTTP/web@A.TEST']);
    const before = readFileSync(cc);
    expect(await run([...argv, ...keytab()])).toEqual({ status: 0, output: '', asked: [] });
    expect(readFileSync(cc)).toEqual(before);
  });

  it('asks for no password while they last', async () => {
    const typed = await run([...argv, 'alice'], { stdin: 'alicepw\n' });
    expect(typed).toMatchObject({ status: 0, output: 'Password for alice@A.TEST: \n' });
    expect(await run([...argv, 'alice'])).toEqual({ status: 0, output: '', asked: [] });
    expect(await run(argv)).toEqual({ status: 0, output: '', asked: [] });
  });

  it('gets the ticket for another service by the ticket-granting ticket, and leaves the others', async () => {
    await run([...argv, ...keytab()]);
    const other = await run(['--for', 'ldap/dir', '--for', 'HTTP/web', 'robot']);
    expect(other).toEqual({ status: 0, output: '', asked: ['TGS_REQ ldap/dir@A.TEST'] });
    expect(servers()).toEqual([TGT, 'HTTP/web@A.TEST', 'ldap/dir@A.TEST']);
  });

  it('renews a renewable ticket that is about to end, and gets the other anew', async () => {
    await run(['-l', '1h', '-r', '10h', ...keytab()]);
    await run([...argv, 'robot']);
    kdc.advance(3200);
    const late = await run([...argv, 'robot'], { later: 3200 });
    kdc.advance(-3200);
    expect(late).toMatchObject({ status: 0, output: '' });
    expect(late.asked).toEqual([`TGS_REQ ${TGT}`, 'TGS_REQ HTTP/web@A.TEST']);
    expect(servers().sort()).toEqual(['HTTP/web@A.TEST', TGT]);
  });

  it('gets a new ticket where renewing is not enough', async () => {
    await run(['-l', '1h', '-r', '1h', ...keytab()]);
    const enough = await run(['--min', '2h', ...keytab()]);
    expect(enough).toMatchObject({ status: 0, output: '' });
    expect(enough.asked.filter(line => line.startsWith('AS_REQ'))).not.toEqual([]);
    expect(servers()).toEqual([TGT]);
  });

  it('fails, and keeps what there is, where the KDC gives none that live so long', async () => {
    const short = await run(['--for', 'HTTP/web', '--min', '100d', ...keytab()]);
    expect(short.status).toBe(1);
    expect(short.output).toMatch(
      /^kinit: The KDC issues a ticket for krbtgt\/A\.TEST@A\.TEST that lasts only \d+ seconds\n$/,
    );
    expect(servers()).toEqual([TGT, 'HTTP/web@A.TEST']);
  });

  it('fails for a service that there is not', async () => {
    const { status, output } = await run(['--for', 'nope/x', ...keytab()]);
    expect([status, output]).toEqual([
      1,
      'kinit: Server nope/x@A.TEST not found in Kerberos database while getting credentials for nope/x@A.TEST\n',
    ]);
  });

  it('takes the tickets of another for none', async () => {
    await run([...argv, ...keytab()]);
    const other = await run([...argv, 'alice'], { stdin: 'alicepw\n' });
    expect(other).toMatchObject({ status: 0 });
    expect(tickets().map(({ client }) => formatPrincipal(client))).toEqual(['alice@A.TEST', 'alice@A.TEST']);
  });

  it.each([
    [['--for', 'HTTP/web', '-R'], '--for and --min cannot be combined with -R'],
    [['--min', '1h', '-S', 'x'], '--for and --min cannot be combined with -S'],
    [['--min', '1w'], 'Bad lifetime value 1w'],
    [['--min', 'x'], 'Bad lifetime value x'],
    [['--keytab-env', 'A', '-k'], 'Only one source of keys, tickets or a password can be given'],
    [
      ['--cache-env', 'SECRET', '--min', '1h'],
      '-R, -v, --for and --min cannot be combined with a cache from a variable or descriptor',
    ],
  ])('refuses %j', async (words, message) => {
    await run(['-c', cc, ...keytab()]);
    const { status, output } = await run(words, {
      env: { SECRET: readFileSync(cc).toString('base64') },
    });
    expect([status, output.split('\n')[0]]).toEqual([2, message]);
  });
});

describe('a secret', () => {
  it('comes from a variable, for the first principal of the keytab', async () => {
    const env = { SECRET: readFileSync(join(folder, 'keytab')).toString('base64') };
    expect(await run(['--keytab-env', 'SECRET'], { env })).toMatchObject({ status: 0, output: '' });
    expect(servers()).toEqual([TGT]);
    expect(formatPrincipal(tickets()[0]!.client)).toBe('robot@A.TEST');
  });

  it('comes from standard input without a prompt', async () => {
    const said = await run(['--password-stdin', 'alice'], { stdin: 'alicepw\n' });
    expect(said).toMatchObject({ status: 0, output: '' });
  });

  it('may be tickets, which are put into the cache as they are', async () => {
    await run(['-c', cc, ...keytab()]);
    const env = { SECRET: readFileSync(cc).toString('base64'), KRB5CCNAME: `FILE:${join(folder, 'other')}` };
    expect(await run(['--cache-env', 'SECRET'], { env })).toEqual({ status: 0, output: '', asked: [] });
    expect(readFileSync(join(folder, 'other'))).toEqual(readFileSync(cc));
  });

  it('that is wrong is told of, and nothing is written', async () => {
    const said = await run(['--password-env', 'SECRET', 'alice'], { env: { SECRET: 'wrong' } });
    expect([said.status, said.output]).toEqual([
      1,
      'kinit: Password incorrect while getting initial credentials\n',
    ]);
    expect(existsSync(cc)).toBe(false);
  });

  it('is masked on GitHub before anything else is said, with what its commands want escaped', async () => {
    const said = await run(['--password-stdin', '--mask', '-V', 'alice'], {
      stdin: '50%\r\n',
      env: { GITHUB_ACTIONS: 'true' },
    });
    expect(said.output.split('\n')[0]).toBe('::add-mask::50%25');
  });
});

it('what was short for one of MIT’s options stays so', async () => {
  for (const option of ['--f', '--p', '--c', '--request']) {
    expect(await run([option, ...keytab()])).toMatchObject({ status: 0, output: '' });
  }
});
