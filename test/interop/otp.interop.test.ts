import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { type Environment, ours } from '../support/both-programs.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';
import { type RadiusServer, startRadius } from '../support/radius.ts';
import { createPki, type Pki } from '../support/realm-pki.ts';

const SECRET = 'between the KDC and the server';

describePeer('mit-otp', () => {
  let pki: Pki;
  let dir: string;
  let radius: RadiusServer;
  let kdc: MitKdc;
  let env: Environment;

  beforeAll(async () => {
    pki = createPki('A.TEST');
    dir = pki.dir;
    const secret = pki.file('secret', SECRET);
    radius = await startRadius(SECRET, ['111111', '222222', '333333', '444444', '555555', '666666']);
    kdc = await startMitKdc({
      realm: pki.kdcLines,
      libdefaults: pki.clientLines,
      sections: `[otp]
  lab = {
    server = 127.0.0.1:${radius.port}
    secret = ${secret}
    timeout = 10
    retries = 1
    strip_realm = true
  }
`,
      principals: [
        'addprinc -randkey +requires_preauth otpuser',
        'setstr otpuser otp "[{""type"":""lab""}]"',
        'addprinc -pw otppw +requires_preauth both',
        'setstr both otp "[{""type"":""lab""}]"',
        'addprinc -nokey +requires_preauth nokey',
        'setstr nokey otp "[{""type"":""lab""}]"',
        'addprinc -randkey WELLKNOWN/ANONYMOUS',
      ],
    });
    env = kdc.env;
    expect(await ours(kinit, ['-c', `${dir}/armor`, 'alice'], env, 'alicepw\n')).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    await kdc?.stop();
    radius?.stop();
    pki?.remove();
  });

  it('takes a one-time password, once', async () => {
    const words = ['-T', `${dir}/armor`, '-c', `${dir}/cc`, 'otpuser'];
    expect(await ours(kinit, words, env, '111111\n')).toEqual({
      status: 0,
      stdout: 'Enter OTP Token Value: \n',
      stderr: '',
    });
    expect((await ours(klist, ['-C', '-c', `${dir}/cc`], env)).stdout).toMatch(
      /^config: pa_type\(krbtgt\/A\.TEST@A\.TEST\) = 141$/m,
    );
    const again = await ours(kinit, words, env, '111111\n');
    expect(again).toEqual(await kdc.run('kinit', words, '111111\n'));
    expect(again.status).toBe(1);
    expect(radius.passwords).toEqual(['111111', '111111', '111111']);
  });

  it('is what the reference implementation gives as well', async () => {
    const words = ['-T', `${dir}/armor`, '-c', `${dir}/cc2`, 'otpuser'];
    expect(await kdc.run('kinit', words, '222222\n')).toMatchObject({ status: 0 });
  });

  it('is asked for within an armor of an anonymous ticket, where the user has nothing else', async () => {
    expect(await ours(kinit, ['-c', `${dir}/cc3`, 'nokey'], env, '333333\n')).toEqual({
      status: 0,
      stdout: 'Enter OTP Token Value: \n',
      stderr: '',
    });
    expect((await ours(klist, ['-c', `${dir}/cc3`], env)).stdout).toContain(
      'Default principal: nokey@A.TEST\n',
    );
  });

  it('is no fault of an account that has nothing else', async () => {
    const { stdout } = await ours(doctor, ['nokey'], { ...env, LC_ALL: 'C' });
    expect(stdout).toContain(
      '[--]   nokey@A.TEST: the KDC knows it, but no password of it that can be used; ',
    );
  });

  describe('a user who also has a password', () => {
    const asked = { status: 0, stdout: 'Enter OTP Token Value: \n', stderr: '' };
    const words = () => ['-c', `${dir}/cc4`, 'both'];

    it.each([
      ['--anonymous-armor', '444444'],
      ['--pk-anon-fast-armor', '555555'],
    ])('is asked for a code with %s', async (option, code) => {
      expect(await ours(kinit, [option, ...words()], env, `${code}\n`)).toEqual(asked);
      const { stdout } = await ours(klist, ['-C', '-c', `${dir}/cc4`], env);
      expect(stdout).toContain('Default principal: both@A.TEST\n');
      expect(stdout).toMatch(/^config: pa_type\(krbtgt\/A\.TEST@A\.TEST\) = 141$/m);
    });

    it('is asked for a code with auto_fast_armor in the realm', async () => {
      const conf = pki.file('auto.conf', '[realms]\nA.TEST = {\nauto_fast_armor = true\n}\n');
      const given = { ...env, KRB5_CONFIG: `${conf}:${env.KRB5_CONFIG}` };
      expect(await ours(kinit, words(), given, '666666\n')).toEqual(asked);
    });

    it('is asked for the password without, and told of the option if that is wrong', async () => {
      const { status, stdout, stderr } = await ours(kinit, ['-V', ...words()], env, '777777\n');
      expect([status, stdout]).toEqual([1, 'Password for both@A.TEST: \n']);
      expect(stderr.replace(/\s+/g, ' ')).toContain('for a one-time password, use kinit --anonymous-armor');
    });
  });
});
