import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { kvno } from '../../src/cli/kvno.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { FORWARDABLE, INVALID, POSTDATED, PROXIABLE, RENEWABLE } from '../../src/messages/flags.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { type Environment, ours, theirs } from '../support/both-programs.ts';
import { startGssServer } from '../support/gss-sample.ts';
import { type MitKdc, type MitKdcOptions, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { hasPty, type PtyStep, remaining, runInPty } from '../support/pty.ts';

const ETYPES = [
  [17, 'aes128-cts-hmac-sha1-96'],
  [18, 'aes256-cts-hmac-sha1-96'],
  [19, 'aes128-cts-hmac-sha256-128'],
  [20, 'aes256-cts-hmac-sha384-192'],
  [25, 'camellia128-cts-cmac'],
  [26, 'camellia256-cts-cmac'],
] as const;
const HOUR = 3600;

let kdc: MitKdc;
let env: Environment;
let cachePath: string;
let caches = 0;

describePeer('mit-kdc', () => describePeer('mit-client', suite));

function suite(): void {
  beforeAll(async () => {
    const all = ETYPES.map(([, name]) => name).join(' ');
    kdc = await startMitKdc({
      enctypes: ETYPES.map(([, name]) => `${name}:normal`).join(' '),
      principals: [
        `setstr krbtgt/A.TEST session_enctypes "${all}"`,
        ...ETYPES.flatMap(([etype, name]) => [
          `addprinc -pw pw${etype} +requires_preauth -e ${name}:normal user${etype}`,
          `addprinc -randkey -requires_preauth -e ${name}:normal service/e${etype}`,
          `setstr service/e${etype} session_enctypes "${all}"`,
        ]),
        'addprinc -pw nofwdpw +requires_preauth -allow_forwardable nofwd',
      ],
    });
    kdc.kadmin(ETYPES.map(([etype]) => `ktadd -norandkey -k ${kdc.keytab} service/e${etype}`));
  });
  afterAll(() => kdc?.stop());
  beforeEach(() => useCache());

  describe('enctypes', enctypes);
  describe('caches and keytabs', sharing);
  describe('times, flags and addresses', timesAndFlags);
  describe('the way to the KDC', transports);
  describe('at a terminal', terminal);
}

function enctypes(): void {
  it.each(ETYPES)(
    '%i: keys of the user, the session and the service, from our kinit to their kvno',
    async etype => {
      const only = profile(`permitted_enctypes = ${ETYPES.find(([each]) => each === etype)![1]}`);
      expect(await ours(kinit, [`user${etype}`], { ...env, ...only }, `pw${etype}\n`)).toMatchObject({
        status: 0,
      });
      expect(tickets()[0]!.key.keytype).toBe(etype);
      const checked = theirs(kvno, ['-k', kdc.keytab, `service/e${etype}`], { ...env, ...only });
      expect(checked).toMatchObject({ status: 0, stderr: '' });
      expect(checked.stdout).toContain('keytab entry valid');
      expect(tickets()[1]).toMatchObject({ key: { keytype: etype } });
    },
  );

  it.each(ETYPES)(
    '%i: keys of the user, the session and the service, from their kinit to our kvno',
    async etype => {
      const only = profile(`permitted_enctypes = ${ETYPES.find(([each]) => each === etype)![1]}`);
      expect(theirs(kinit, [`user${etype}`], { ...env, ...only }, `pw${etype}\n`)).toMatchObject({
        status: 0,
      });
      const checked = await ours(kvno, ['-k', kdc.keytab, `service/e${etype}`], { ...env, ...only });
      expect(checked).toMatchObject({ status: 0, stderr: '' });
      expect(checked.stdout).toContain('keytab entry valid');
      const [, ticket] = tickets();
      expect(ticket!.key.keytype).toBe(etype);
      expect(Ticket.decode(ticket!.ticket).encPart.etype).toBe(etype);
    },
  );
}

function sharing(): void {
  it('their klist, kvno and gss-client use what our kinit and kvno leave', async () => {
    await login('alice');
    await ours(kvno, ['host/localhost'], env);
    const listed = await kdc.run('klist', ['-f', '-c', cachePath]);
    expect(listed.stdout).toMatch(
      /Default principal: alice@A.TEST[\s\S]*krbtgt\/A.TEST@A.TEST[\s\S]*host\/localhost@A.TEST/,
    );
    const { stdout } = theirs(kvno, ['--cached-only', 'host/localhost'], env);
    expect(stdout).toBe('host/localhost@A.TEST: kvno = 1\n');
  });

  it.skipIf(findProgram('gss-client') === undefined)('gss-client authenticates with our ticket', async () => {
    await login('alice');
    const server = await startGssServer('host@localhost', env);
    try {
      const client = await kdc.run('env', [
        `KRB5CCNAME=${cachePath}`,
        findProgram('gss-client')!,
        '-port',
        `${server.port}`,
        'localhost',
        'host@localhost',
        'hello',
      ]);
      expect(client.stderr + client.stdout).toContain('Signature verified.');
    } finally {
      await server.stop();
    }
  });

  it('our kvno uses what their kinit leaves, and their kvno what ours adds', async () => {
    theirs(kinit, ['alice'], env, 'alicepw\n');
    expect((await ours(kvno, ['HTTP/localhost'], env)).status).toBe(0);
    expect(theirs(kvno, ['--cached-only', 'HTTP/localhost'], env).status).toBe(0);
    expect(theirs(kvno, ['sample/localhost'], env).status).toBe(0);
    expect((await ours(kvno, ['--cached-only', 'sample/localhost', 'HTTP/localhost'], env)).status).toBe(0);
  });

  it('our kinit with their keytab gets what it gets with the password', async () => {
    expect(await ours(kinit, ['-k', '-t', kdc.clientKeytab, 'alice'], env)).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect(tickets().map(({ server }) => formatPrincipal(server))).toEqual(['krbtgt/A.TEST@A.TEST']);
  });
}

function timesAndFlags(): void {
  it('a renewable ticket is renewed, and the cache then holds the new one alone', async () => {
    await login('alice', '-l', '1h', '-r', '2d');
    await ours(kvno, ['host/localhost'], env);
    const [old] = tickets();
    expect(await ours(kinit, ['-R'], env)).toEqual({ status: 0, stdout: '', stderr: '' });
    const [renewed, ...others] = tickets();
    expect(others).toEqual([]);
    expect(renewed!.ticket).not.toEqual(old!.ticket);
    expect(renewed!.renewTill).toEqual(old!.renewTill);
    expect(theirs(kvno, ['host/localhost'], env).status).toBe(0);
  });

  it('a postdated ticket is invalid, and is validated once its time has come', async () => {
    await login('alice', '-s', '1h');
    expect(tickets()[0]!.flags & (INVALID | POSTDATED)).toBe(INVALID | POSTDATED);
    expect((await ours(kinit, ['-v'], env)).stderr).toBe(
      'kinit: Ticket not yet valid while validating credentials\n',
    );
    await login('alice', '-s', '2s');
    expect(tickets()[0]!.flags & INVALID).toBe(INVALID);
    await new Promise(resolve => setTimeout(resolve, 2500));
    expect(await ours(kinit, ['-v'], env)).toMatchObject({ status: 0, stderr: '' });
    expect(tickets()[0]!.flags & INVALID).toBe(0);
    expect(theirs(kvno, ['host/localhost'], env).status).toBe(0);
  });

  it('a life longer than allowed makes the ticket renewable instead', async () => {
    await login('alice', '-l', '3d');
    const [ticket] = tickets();
    expect(seconds(ticket!)).toBe(10 * HOUR);
    expect(ticket!.flags & RENEWABLE).not.toBe(0);
  });

  it('flags are as asked for, and as the KDC allows', async () => {
    const flags = async (user: string, ...options: string[]): Promise<number> => {
      await login(user, ...options);
      return tickets()[0]!.flags & (FORWARDABLE | PROXIABLE);
    };
    expect(await flags('alice', '-f', '-p')).toBe(FORWARDABLE | PROXIABLE);
    expect(await flags('alice', '-F', '-P')).toBe(0);
    expect(await flags('nofwd', '-f')).toBe(0);
    env = { ...env, ...profile('forwardable = true') };
    expect(await flags('alice')).toBe(FORWARDABLE);
    expect(await flags('alice', '--noforwardable')).toBe(0);
  });

  it('a ticket for a service alone serves that service alone', async () => {
    await login('alice', '-S', 'host/localhost');
    expect(theirs(kvno, ['host/localhost'], env).status).toBe(0);
    expect((await ours(kvno, ['HTTP/localhost'], env)).status).toBe(1);
  });

  it('addresses are those that their kinit asks for', async () => {
    const bound = (): string[] =>
      tickets()[0]!
        .addresses.map(({ address }) => Buffer.from(address).toString('hex'))
        .sort();
    theirs(kinit, ['-a', 'alice'], env, 'alicepw\n');
    const expected = bound();
    useCache();
    await login('alice', '-a');
    expect(bound()).toEqual(expected);
  });
}

function transports(): void {
  it.each<{ name: string; options: MitKdcOptions; way: string; line?: string }>([
    { name: 'UDP alone', options: { udpOnly: true }, way: 'udp' },
    { name: 'TCP alone', options: { tcpOnly: true }, way: 'tcp' },
    {
      name: 'TCP alone, though UDP is preferred',
      options: { tcpOnly: true },
      way: 'tcp',
      line: 'udp_preference_limit = 1465',
    },
    {
      name: 'TCP once the reply is too big for UDP',
      options: { kdcdefaults: ['kdc_max_dgram_reply_size = 300'] },
      way: 'tcp',
    },
  ])('goes over $name', async ({ options, way, line = '' }) => {
    const other = await startMitKdc(options);
    try {
      const trace = join(other.dir, 'trace');
      const configured = readFileSync(other.krb5Conf, 'utf8');
      writeFileSync(other.krb5Conf, configured.replace('[libdefaults]', `[libdefaults]\n  ${line}`));
      const there = { ...other.env, HOME: other.dir, KRB5_TRACE: trace };
      expect((await ours(kinit, ['alice'], there, 'alicepw\n')).stderr).toBe('');
      expect((await ours(kvno, ['host/localhost'], there)).stdout).toBe('host/localhost@A.TEST: kvno = 1\n');
      const answers = readFileSync(trace, 'utf8').match(/Received \d+ bytes from .*/g) ?? [];
      expect(answers.at(-1)).toContain(way);
    } finally {
      await other.stop();
    }
  });

  it('passes a KDC that is dead and one that is silent', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>(resolve => silent.bind(0, '127.0.0.1', resolve));
    const path = join(kdc.dir, 'dead.conf');
    const dead = `kdc = 127.0.0.1:1\n    kdc = 127.0.0.1:${silent.address().port}\n    kdc =`;
    writeFileSync(path, readFileSync(kdc.krb5Conf, 'utf8').replace(/kdc =(?= 127)/, dead));
    try {
      expect(await ours(kinit, ['alice'], { ...env, KRB5_CONFIG: path }, 'alicepw\n')).toMatchObject({
        status: 0,
      });
    } finally {
      silent.close();
    }
  });

  it('says that no KDC can be contacted', async () => {
    const path = join(kdc.dir, 'none.conf');
    writeFileSync(path, readFileSync(kdc.krb5Conf, 'utf8').replace(/kdc = 127.*/, 'kdc = 127.0.0.1:1'));
    const there = { ...env, KRB5_CONFIG: path };
    const said = await ours(kinit, ['alice'], there, 'alicepw\n');
    expect(said).toEqual(theirs(kinit, ['alice'], there, 'alicepw\n'));
    expect(said.stderr).toContain("Cannot contact any KDC for realm 'A.TEST'");
  });
}

const bin = join(import.meta.dirname, '../../bin/kinit');
const built = existsSync(join(import.meta.dirname, '../../dist/bin/kinit.cjs'));

function terminal(): void {
  const skip = !(built && hasPty());
  const atTerminal = (argv: readonly string[], steps: readonly PtyStep[]) => {
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return runInPty(['env', ...words, process.execPath, bin, ...argv], steps);
  };

  it.skipIf(skip)('the password is typed unseen', () => {
    const result = atTerminal(['alice'], [{ expect: 'Password for alice@A.TEST: ', send: 'alicepw\r' }]);
    expect({ ...result, shown: remaining(result.shown) }).toEqual({
      shown: 'Password for alice@A.TEST: \r\n',
      status: 0,
      sane: true,
    });
    expect(tickets()).toHaveLength(1);
  });

  it.skipIf(skip)('Ctrl-C leaves the terminal sane and the cache as it was', async () => {
    await login('alice');
    const before = readFileSync(cachePath);
    const result = atTerminal(['nofwd'], [{ expect: 'Password for nofwd@A.TEST: ', send: 'no\x03' }]);
    expect(result).toMatchObject({ status: 1, sane: true });
    expect(result.shown).toContain('Password read interrupted');
    expect(readFileSync(cachePath)).toEqual(before);
  });
}

/** A cache of its own for what follows. */
function useCache(): void {
  cachePath = join(kdc.dir, `cc${caches++}`);
  env = { ...kdc.env, HOME: kdc.dir, KRB5CCNAME: `FILE:${cachePath}` };
}

async function login(user: string, ...options: readonly string[]): Promise<void> {
  const said = await ours(kinit, [...options, user], env, `${user}pw\n`);
  if (said.status !== 0) throw new Error(said.stderr);
}

/** The tickets in the cache, without the notes among them. */
function tickets(): readonly Credential[] {
  const { credentials } = CcacheFile.decode(readFileSync(cachePath));
  return credentials.filter(({ server }) => server.realm === 'A.TEST');
}

/** How long a ticket lives. */
function seconds({ starttime, authtime, endtime }: Credential): number {
  return (endtime.getTime() - (starttime ?? authtime).getTime()) / 1000;
}

/** The environment with one more line under [libdefaults]. */
function profile(line: string): Environment {
  const path = join(kdc.dir, `krb5-${line.replace(/\W+/g, '-')}.conf`);
  writeFileSync(
    path,
    readFileSync(kdc.krb5Conf, 'utf8').replace('[libdefaults]', `[libdefaults]\n  ${line}`),
  );
  return { KRB5_CONFIG: path };
}
