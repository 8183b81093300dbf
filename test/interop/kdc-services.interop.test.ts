import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { otpStep, otpValue } from '../../src/kdc/preauth/otp-value.ts';
import { type RunningKdc, type StartKdcOptions, startKdc, type UserSpec } from '../../src/kdc/start.ts';
import { createAuthority } from '../support/certificates.ts';
import { runPeer, type Said } from '../support/peer-client.ts';
import { describePeer, findProgram } from '../support/peers.ts';

const SECRET = 'GEZDGNBVGY3TQOJQ';
const past = new Date(Date.now() - 7_200_000);

let folder: string;
let kdc: RunningKdc;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});

afterEach(async () => {
  await kdc.close();
  rmSync(folder, { recursive: true });
});

const inFolder = (name: string): string => join(folder, name);

async function start(options: Partial<StartKdcOptions> = {}): Promise<void> {
  const user = (name: string, others: Partial<UserSpec> = {}): UserSpec => ({
    name,
    password: 'old-pw',
    ...others,
  });
  kdc = await startKdc({
    realm: 'LAB.TEST',
    users: [
      user('alice'),
      user('strict', { policy: 'strict' }),
      user('admin', { setsPasswords: true }),
      user('expired', { passwordExpiration: past }),
      { name: 'token', otp: { secret: SECRET } },
    ],
    services: ['host/localhost'],
    policies: { strict: { minLength: 8, minClasses: 2, maxFailures: 2 } },
    passwordPort: 0,
    ...options,
  });
  configure(text => text);
}

function configure(change: (profile: string) => string): void {
  writeFileSync(inFolder('krb5.conf'), change(kdc.krb5Conf()));
}

function run(program: string, args: readonly string[], ...typed: readonly string[]): Promise<Said> {
  return runPeer(folder, [program, ...args], { input: typed.map(line => `${line}\n`).join('') });
}

const login = (name: string, ...typed: readonly string[]) => run('kinit', [name], ...typed);
const ok = { status: 0 };

describePeer('mit-client', () => {
  describe.each([
    ['UDP', ''],
    ['TCP', 'udp_preference_limit = 1'],
  ])("MIT's kpasswd over %s", (_, setting) => {
    it('changes a password, and tells why not', async () => {
      await start();
      configure(text => text.replace('[libdefaults]\n', `[libdefaults]\n${setting}\n`));
      expect(await run('kpasswd', ['alice'], 'old-pw', 'grüner', 'grüner')).toMatchObject({
        status: 0,
        output: expect.stringContaining('Password changed.'),
      });
      expect(await login('alice', 'grüner')).toMatchObject(ok);
      const refused = await run('kpasswd', ['strict'], 'old-pw', 'short', 'short');
      expect(refused.status).toBe(2);
      expect(refused.output).toMatch(/Password change rejected: .*too short.*at least 8 characters/s);
      expect(await login('strict', 'old-pw')).toMatchObject(ok);
    });
  });

  it("MIT's kinit changes a password that has expired", async () => {
    await start();
    expect(await login('expired', 'old-pw', 'new-pw', 'new-pw')).toMatchObject(ok);
    expect(await login('expired', 'new-pw')).toMatchObject(ok);
  });

  it("MIT's kinit is told of a lock", async () => {
    await start();
    for (let i = 0; i < 2; i++) expect((await login('strict', 'wrong')).output).toMatch(/Password incorrect/);
    expect(await login('strict', 'old-pw')).toMatchObject({
      status: 1,
      output: expect.stringContaining("Client's credentials have been revoked"),
    });
  });

  it("MIT's kinit takes a one-time password, once", async () => {
    await start();
    expect(await run('kinit', ['-c', inFolder('armor'), 'alice'], 'old-pw')).toMatchObject(ok);
    const value = otpValue({ secret: SECRET }, otpStep({ secret: SECRET }, Date.now()));
    const words = ['-T', inFolder('armor'), 'token'];
    expect(await run('kinit', words, value)).toMatchObject(ok);
    expect(await run('kinit', words, value)).toMatchObject({
      status: 1,
      output: expect.stringMatching(/Preauthentication failed|Pre-authentication failed/),
    });
    expect(await login('token', value)).toMatchObject({ status: 1 });
    expect(readFileSync(inFolder('trace'), 'latin1')).toMatch(/OTP/i);
  });

  it("MIT's kinit, kvno and kpasswd come by HTTPS alone", async () => {
    const authority = createAuthority();
    await start({ kkdcp: { tls: authority.issue('localhost', '127.0.0.1'), name: 'localhost' } });
    writeFileSync(inFolder('ca.pem'), authority.certificate);
    configure(text =>
      text
        .replace(/\tkdc = .*/, `\tkdc = ${kdc.kkdcpUrl}\n\t\thttp_anchors = FILE:${inFolder('ca.pem')}`)
        .replace(/kpasswd_server = .*/, `kpasswd_server = ${kdc.kkdcpUrl}`),
    );
    expect(await login('alice', 'old-pw')).toMatchObject(ok);
    expect(await run('kvno', ['host/localhost'])).toMatchObject(ok);
    expect(await run('kpasswd', ['alice'], 'old-pw', 'new-pw', 'new-pw')).toMatchObject(ok);
    expect(await login('alice', 'new-pw')).toMatchObject(ok);
    const trace = readFileSync(inFolder('trace'), 'latin1');
    expect(trace).toMatch(/Sending HTTPS request/);
    expect(trace).not.toMatch(/Sending (TCP|initial UDP) request/);
  });

  describe("MIT's kinit meets trouble", () => {
    it.each([
      [{ wrongEnctype: true }, /no support for encryption type/],
      [{ revoked: ['alice'] }, /credentials have been revoked/],
      [{ expired: ['alice'] }, /entry in database has expired/],
      [{ clockSkew: 3600 }, /Clock skew too great/],
      [{ dieAfter: 0 }, /Cannot contact any KDC/],
    ])('%j', async (trouble, sentence) => {
      await start({ trouble });
      configure(text => text.replace('[libdefaults]\n', '[libdefaults]\nkdc_timesync = 0\n'));
      expect(await login('alice', 'old-pw')).toMatchObject({
        status: 1,
        output: expect.stringMatching(sentence),
      });
    });

    it.each([{ tooBig: true }, { drop: 1 }, { delay: 0.3 }])('%j, and gets over it', async trouble => {
      await start({ trouble });
      expect(await login('alice', 'old-pw')).toMatchObject(ok);
    });
  });
});

describePeer('heimdal-client', () => {
  const kpasswd = '/opt/heimdal/usr/bin/kpasswd.heimdal';

  it.skipIf(findProgram(kpasswd) === undefined && process.env.CI !== 'true')(
    "Heimdal's kpasswd changes a password, and tells why not",
    async () => {
      await start();
      expect(await run(kpasswd, ['alice'], 'old-pw', 'new-pw', 'new-pw')).toMatchObject({
        status: 0,
        output: expect.stringContaining('Success'),
      });
      const { status, output } = await run(kpasswd, ['strict'], 'old-pw', 'short', 'short');
      // Its exit status says that it was answered.
      expect([status, output]).toEqual([0, expect.stringMatching(/too short/)]);
      const set = (admin: string, password: string) =>
        run(kpasswd, [`--admin-principal=${admin}`, 'strict'], password, 'any-Pw99', 'any-Pw99');
      expect((await set('alice', 'new-pw')).output).not.toContain('Success');
      expect(await login('strict', 'any-Pw99')).toMatchObject({ status: 1 });
      expect((await set('admin', 'old-pw')).output).toContain('Success');
      expect(await login('strict', 'any-Pw99')).toMatchObject(ok);
    },
  );
});
