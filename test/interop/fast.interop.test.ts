import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fileType } from '../../src/ccache/file.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { createConfig } from '../../src/config/config.ts';
import { loadProfile } from '../../src/config/load.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { TgsRep } from '../../src/messages/kdc-rep.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { PA_FX_FAST } from '../../src/messages/numbers.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { MethodData } from '../../src/messages/types.ts';
import { createTransport, type Transport } from '../../src/transport/transport.ts';
import { type Environment, ours, theirs } from '../support/both-programs.ts';
import { type HeimdalKdc, startHeimdalKdc } from '../support/heimdal-kdc.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, findProgram } from '../support/peers.ts';

/** The line that has a client prefer the encrypted challenge to SPAKE. */
const CHALLENGE_FIRST = 'preferred_preauth_types = 138';

describePeer('mit-kdc', () => describePeer('mit-client', withMit));
describePeer('mit-client', () => describe('our KDC', withOurKdc));
describePeer('heimdal-kdc', () => describePeer('mit-client', withHeimdal));

function withMit(): void {
  let kdc: MitKdc;
  let env: Environment;
  let armor: string;
  let cache: string;
  let caches = 0;

  beforeAll(async () => {
    kdc = await startMitKdc({
      realm: ['encrypted_challenge_indicator = challenged'],
      // The KDC offers SPAKE, and waits for the client to name its groups: three rounds.
      libdefaults: ['spake_preauth_groups = edwards25519'],
      principals: [
        'setstr HTTP/localhost require_auth challenged',
        'addprinc -pw sha2pw -e aes256-cts-hmac-sha384-192:normal onlysha2',
      ],
    });
    armor = join(kdc.dir, 'armor');
    theirs(kinit, ['-c', armor, 'nopreauth'], kdc.env, 'nopre\n');
  });
  afterAll(() => kdc?.stop());
  beforeEach(() => {
    cache = join(kdc.dir, `cc${caches++}`);
    env = { ...kdc.env, HOME: kdc.dir, KRB5CCNAME: `FILE:${cache}` };
  });

  describe('kinit -T', () => {
    it.each([
      ['138', CHALLENGE_FIRST],
      ['151', 'preferred_preauth_types = 151'],
    ])('leaves what theirs leaves, pre-authenticated by %s', async (type, line) => {
      const there = { ...env, ...profile(kdc, line) };
      const said = theirs(kinit, ['-T', armor, 'alice'], there, 'alicepw\n');
      expect(said).toMatchObject({ status: 0, stderr: '' });
      const expected = notes(theirs(klist, ['-C'], there).stdout);
      expect(await ours(kinit, ['-T', armor, 'alice'], there, 'alicepw\n')).toEqual(said);
      expect(notes(theirs(klist, ['-C'], there).stdout)).toEqual(expected);
      expect(expected).toEqual([
        'config: fast_avail(krbtgt/A.TEST@A.TEST) = yes',
        `config: pa_type(krbtgt/A.TEST@A.TEST) = ${type}`,
      ]);
    });

    it('has the KDC vouch for the encrypted challenge', async () => {
      const there = { ...env, ...profile(kdc, CHALLENGE_FIRST) };
      await ours(kinit, ['alice'], there, 'alicepw\n');
      expect(theirs(kvno, ['HTTP/localhost'], there).status).toBe(1);
      await ours(kinit, ['-T', armor, 'alice'], there, 'alicepw\n');
      expect(theirs(kvno, ['HTTP/localhost'], there).status).toBe(0);
    });

    it.each([
      ['onlysha2', 'sha2pw', 'aes128-cts-hmac-sha1-96'],
      ['alice', 'alicepw', 'aes256-cts-hmac-sha384-192'],
    ])('joins keys of different enctypes: %s', async (user, password, armorEtype) => {
      const other = join(kdc.dir, `armor-${user}`);
      const narrow = profile(kdc, `default_tkt_enctypes = ${armorEtype} aes256-cts`);
      kdc.kadmin([`setstr krbtgt/A.TEST session_enctypes "${armorEtype} aes256-cts"`]);
      theirs(kinit, ['-c', other, 'nopreauth'], { ...kdc.env, ...narrow }, 'nopre\n');
      const there = { ...env, ...profile(kdc, CHALLENGE_FIRST) };
      expect(await ours(kinit, ['-T', other, user], there, `${password}\n`)).toMatchObject({ status: 0 });
      expect(notes((await ours(klist, ['-C'], there)).stdout)).toContain(
        'config: pa_type(krbtgt/A.TEST@A.TEST) = 138',
      );
      kdc.kadmin(['delstr krbtgt/A.TEST session_enctypes']);
    });

    it('serves a keytab', async () => {
      const said = await ours(kinit, ['-k', '-t', kdc.clientKeytab, '-T', armor, 'alice'], env);
      expect(said).toMatchObject({ status: 0, stderr: '' });
    });

    it.each<[string, readonly string[], string]>([
      ['the password', ['alice'], 'wrong\n'],
      ['the client', ['nobody'], 'wrong\n'],
    ])('says as theirs says that %s is not known', async (_, argv, input) => {
      const said = await ours(kinit, ['-T', armor, ...argv], env, input);
      expect(said).toEqual(theirs(kinit, ['-T', armor, ...argv], env, input));
      expect(said.status).toBe(1);
    });

    it('says as theirs says what is wrong with the armor cache', async () => {
      const garbage = join(kdc.dir, 'garbage');
      writeFileSync(garbage, 'hello\n');
      const expired = join(kdc.dir, 'expired');
      const old = theirs(kinit, ['-l', '-1', '-c', expired, 'nopreauth'], kdc.env, 'nopre\n');
      expect(old).toMatchObject({ status: 0 });
      for (const name of [join(kdc.dir, 'nowhere'), 'BOGUS:x', garbage, expired]) {
        const said = await ours(kinit, ['-T', name, 'alice'], env, 'alicepw\n');
        expect(said).toEqual(theirs(kinit, ['-T', name, 'alice'], env, 'alicepw\n'));
        expect(said.stderr).toMatch(/^kinit: Error constructing AP-REQ armor: /);
      }
    });

    it('may be given once', async () => {
      const argv = ['-T', armor, '-T', armor, 'alice'];
      const first = (text: string): string => text.slice(0, text.indexOf('\n'));
      const said = await ours(kinit, argv, env);
      const expected = theirs(kinit, argv, env);
      expect([said.status, first(said.stderr)]).toEqual([expected.status, first(expected.stderr)]);
    });
  });

  describe('the TGS', () => {
    it('answers in FAST, with tickets and with errors', async () => {
      await ours(kinit, ['alice'], env, 'alicepw\n');
      const { transport, replies } = recording(kdc.krb5Conf);
      const opened = fileType.resolve(cache, { dataDirectory: kdc.dir, keychain: noKeychain });
      const host = await getServiceCredential(opened, parsePrincipal('host/localhost@A.TEST'), { transport });
      expect(host.server.components).toEqual(['host', 'localhost']);
      const unknown = getServiceCredential(opened, parsePrincipal('no/such@A.TEST'), { transport });
      await expect(unknown).rejects.toMatchObject({ errorCode: 7 });
      const [ticket, error] = replies;
      expect(TgsRep.decode(ticket!).padata!.map(({ padataType }) => padataType)).toContain(PA_FX_FAST);
      const told = MethodData.decode(KrbError.decode(error!).eData!);
      expect(told.map(({ padataType }) => padataType)).toContain(PA_FX_FAST);
    });

    it('renews in FAST', async () => {
      const trace = join(kdc.dir, 'trace-renew');
      await ours(kinit, ['-r', '2d', 'alice'], env, 'alicepw\n');
      const said = await ours(kinit, ['-R'], { ...env, KRB5_TRACE: trace });
      expect(said).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(readFileSync(trace, 'utf8')).toMatch(/Sending TGS-REQ .* within FAST/);
    });
  });
}

function withHeimdal(): void {
  let kdc: HeimdalKdc;
  let env: Environment;
  let armor: string;

  beforeAll(async () => {
    kdc = await startHeimdalKdc();
    armor = join(kdc.dir, 'armor');
    env = kdc.env;
    expect(await ours(kinit, ['-k', '-t', kdc.keytab, '-c', armor, 'host/localhost'], env)).toMatchObject({
      status: 0,
    });
  });
  afterAll(() => kdc?.stop());

  it('kinit -T gets a ticket by an encrypted challenge in FAST', async () => {
    expect(kdc.log()).not.toContain('FAST armor protection');
    expect(await ours(kinit, ['-T', armor, 'alice'], env, 'alicepw\n')).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(kdc.log()).toContain('FAST armor protection');
    expect(notes((await ours(klist, ['-C'], env)).stdout)).toEqual([
      'config: fast_avail(krbtgt/H.TEST@H.TEST) = yes',
      'config: pa_type(krbtgt/H.TEST@H.TEST) = 138',
    ]);
  });

  it('kvno gets a ticket, though the KDC answers outside FAST', async () => {
    await ours(kinit, ['-T', armor, 'alice'], env, 'alicepw\n');
    expect((await ours(kvno, ['HTTP/localhost'], env)).status).toBe(0);
    expect(kdc.log()).toContain('Got TGS FAST request');
  });

  it('kinit -T says as theirs says that the password is wrong', async () => {
    const argv = ['-T', armor, 'alice'];
    const said = await ours(kinit, argv, env, 'wrong\n');
    expect(said).toEqual(theirs(kinit, argv, env, 'wrong\n'));
    expect(said.stderr).toContain('Password incorrect');
  });
}

function withOurKdc(): void {
  let folder: string;
  let kdc: RunningKdc;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
    kdc = await startKdc({
      realm: 'LAB.TEST',
      users: [
        { name: 'alice', password: 'wonderland' },
        { name: 'machine', password: 'desk' },
      ],
      services: ['host/localhost'],
    });
  });
  afterAll(async () => {
    await kdc?.close();
    rmSync(folder, { recursive: true });
  });

  /** Runs one of their programs, with one more line under [libdefaults]; the KDC is in this process. */
  async function run(
    program: string,
    args: readonly string[],
    { input = '', line = '' } = {},
  ): Promise<string> {
    writeFileSync(
      join(folder, 'krb5.conf'),
      kdc.krb5Conf().replace('[libdefaults]\n', `[libdefaults]\n  ${line}\n`),
    );
    const child = spawn(findProgram(program)!, args, {
      env: {
        KRB5_CONFIG: join(folder, 'krb5.conf'),
        KRB5CCNAME: `FILE:${join(folder, 'cache')}`,
        KRB5_TRACE: join(folder, 'trace'),
        TZ: 'UTC',
      },
    });
    // A program may end without reading.
    child.stdin.once('error', () => undefined);
    child.stdin.end(input);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const status = await new Promise(resolve => child.once('close', resolve));
    if (status !== 0) throw new Error(output);
    return output;
  }

  it.each([
    [138, 'PA-ENCRYPTED-CHALLENGE'],
    [151, 'PA-SPAKE'],
  ])('lets their kinit -T in, and gives their kvno tickets, in FAST: %i', async (type, name) => {
    rmSync(join(folder, 'trace'), { force: true });
    await run('kinit', ['-c', join(folder, 'armor'), 'machine'], { input: 'desk\n' });
    const line = `preferred_preauth_types = ${type}`;
    await run('kinit', ['-T', join(folder, 'armor'), 'alice'], { input: 'wonderland\n', line });
    await run('kvno', ['host/localhost']);
    expect(notes(await run('klist', ['-C']))).toEqual([
      'config: fast_avail(krbtgt/LAB.TEST@LAB.TEST) = yes',
      `config: pa_type(krbtgt/LAB.TEST@LAB.TEST) = ${type}`,
    ]);
    const trace = readFileSync(join(folder, 'trace'), 'latin1');
    expect(trace).toContain(`Produced preauth for next request: PA-FX-COOKIE (133), ${name}`);
    expect(trace).not.toContain('Decrypt integrity check failed');
    // The AS-REP's key, and that of the TGS-REP.
    expect(trace.match(/FAST reply key: /g)).toHaveLength(2);
  });

  it('tells their kinit -T of a wrong password', async () => {
    await run('kinit', ['-c', join(folder, 'armor'), 'machine'], { input: 'desk\n' });
    const line = 'preferred_preauth_types = 138';
    const said = run('kinit', ['-T', join(folder, 'armor'), 'alice'], { input: 'wrong\n', line });
    await expect(said).rejects.toThrow('Password incorrect');
  });
}

/** The configuration entries that klist -C lists. */
function notes(listed: string): readonly string[] {
  return listed.split('\n').filter(line => line.startsWith('config: '));
}

/** One more line under [libdefaults]. */
function profile({ dir, krb5Conf }: MitKdc, line: string): Environment {
  const path = join(dir, `krb5-${line.replace(/\W+/g, '-')}.conf`);
  writeFileSync(path, readFileSync(krb5Conf, 'utf8').replace('[libdefaults]', `[libdefaults]\n  ${line}`));
  return { KRB5_CONFIG: path };
}

/** The way to a realm's KDC that remembers what came back. */
function recording(krb5Conf: string): { readonly transport: Transport; readonly replies: Uint8Array[] } {
  const config = createConfig(loadProfile([krb5Conf]), { uid: 0, euid: 0, username: 'alice', temp: '/tmp' });
  const carry = createTransport(config);
  const replies: Uint8Array[] = [];
  const transport: Transport = async (realm, request, signal) => {
    const reply = await carry(realm, request, signal);
    replies.push(reply);
    return reply;
  };
  return { transport, replies };
}

function noKeychain(): Promise<never> {
  return Promise.reject(new Error('no keychain here'));
}
