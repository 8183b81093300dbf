import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { type Environment, ours } from '../support/both-programs.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { runPeer, type Said } from '../support/peer-client.ts';
import { describePeer } from '../support/peers.ts';

const GROUPS = [
  [1, 'edwards25519'],
  [2, 'P-256'],
  [3, 'P-384'],
  [4, 'P-521'],
] as const;
const ALL = GROUPS.map(([, name]) => name).join(' ');

describePeer('mit-client', () => {
  let folder: string;
  let kdc: RunningKdc;
  let log: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
    log = [];
    kdc = await startKdc({
      realm: 'LAB.TEST',
      users: [{ name: 'alice', password: 'wonderland' }],
      log: line => log.push(line),
      spakeGroups: GROUPS.map(([, name]) => name),
    });
  });

  afterEach(async () => {
    await kdc.close();
    rmSync(folder, { recursive: true });
  });

  function login(password: string, groups: string): Promise<Said> {
    const setting = `[libdefaults]\n\tspake_preauth_groups = ${groups}\n`;
    writeFileSync(join(folder, 'krb5.conf'), kdc.krb5Conf().replace('[libdefaults]\n', setting));
    return runPeer(folder, ['kinit', 'alice'], { input: `${password}\n` });
  }

  const trace = (): string => readFileSync(join(folder, 'trace'), 'latin1');

  it.each(GROUPS)('logs in to our KDC in group %i, %s', async (number, name) => {
    expect(await login('wonderland', name)).toMatchObject({ status: 0 });
    expect(trace()).toContain(`SPAKE challenge received with group ${number},`);
    expect(trace()).toContain('Produced preauth for next request: PA-FX-COOKIE (133), PA-SPAKE (151)');
    expect(trace()).not.toContain('Produced preauth for next request: PA-ENC-TIMESTAMP');
    expect(log.map(line => /127\.0\.0\.1: (\w+)/.exec(line)?.[1])).toEqual([
      'NEEDED_PREAUTH',
      'NEEDED_PREAUTH',
      'ISSUE',
    ]);
  });

  it('has its order of groups honoured by our KDC', async () => {
    expect(await login('wonderland', 'P-384 edwards25519')).toMatchObject({ status: 0 });
    expect(trace()).toContain('SPAKE challenge received with group 3,');
  });

  it.each(GROUPS)('is refused by our KDC for a wrong password in group %i, %s', async (_, name) => {
    const { status, output } = await login('looking-glass', name);
    expect(output).toContain('kinit: Password incorrect while getting initial credentials\n');
    expect(status).toBe(1);
    expect(trace()).toMatch(/Sending SPAKE response(?:.|\n)*Received error from KDC: -1765328360/);
    expect(log.at(-1)).toContain('PREAUTH_FAILED: alice@LAB.TEST');
  });
});

describePeer('mit-kdc', () => {
  describe.each([
    ['that waits to be asked', undefined],
    ['that challenges at once with edwards25519', 'edwards25519'],
    ['that challenges at once with P-521', 'P-521'],
  ])('a KDC %s', (_, challenge) => {
    let kdc: MitKdc;
    let env: Environment;

    beforeAll(async () => {
      kdc = await startMitKdc({
        libdefaults: [`spake_preauth_groups = ${ALL}`],
        kdcdefaults: challenge === undefined ? [] : [`spake_preauth_kdc_challenge = ${challenge}`],
      });
    });
    afterAll(() => kdc?.stop());

    /** Our kinit, which allows these groups alone. */
    async function login(password: string, groups: string) {
      const conf = join(kdc.dir, 'groups.conf');
      const trace = join(kdc.dir, 'trace');
      rmSync(trace, { force: true });
      writeFileSync(conf, `[libdefaults]\n  spake_preauth_groups = ${groups}\n`);
      env = { ...kdc.env, HOME: kdc.dir, KRB5_CONFIG: `${conf}:${kdc.krb5Conf}`, KRB5_TRACE: trace };
      const outcome = await ours(kinit, ['alice'], env, `${password}\n`);
      return { ...outcome, trace: readFileSync(trace, 'utf8') };
    }

    it.each(GROUPS)('lets our kinit in by SPAKE in group %i, %s', async (_, name) => {
      const { status, stderr, trace } = await login('alicepw', name);
      expect([status, stderr]).toEqual([0, '']);
      expect(trace).toContain(`SPAKE challenge received with group ${name}`);
      expect(trace.includes('Sending SPAKE support message')).toBe(challenge !== name);
      expect(trace).not.toContain('encrypted timestamp');
      const { stdout } = await kdc.run('klist', ['-C']);
      expect(stdout).toContain('pa_type(krbtgt/A.TEST@A.TEST) = 151\n');
    });

    it.each(GROUPS)('refuses a wrong password in group %i, %s', async (_, name) => {
      expect(await login('wrong', name)).toMatchObject({
        status: 1,
        stderr: 'kinit: Password incorrect while getting initial credentials\n',
        trace: expect.stringContaining('Sending SPAKE response'),
      });
    });
  });
});
