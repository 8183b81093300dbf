import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { DIGITAL_SIGNATURE } from '../../src/messages/cms-certificate.ts';
import { tgsPrincipal } from '../../src/messages/principal.ts';
import { type Environment, ours } from '../support/both-programs.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';
import { certify, KDC_PURPOSE } from '../support/pki.ts';
import { type RadiusServer, startRadius } from '../support/radius.ts';

const SECRET = 'between the KDC and the server';

describePeer('mit-otp', () => {
  let dir: string;
  let radius: RadiusServer;
  let kdc: MitKdc;
  let env: Environment;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'krb5kit-otp-'));
    writeFileSync(join(dir, 'secret'), SECRET);
    radius = await startRadius(SECRET, ['111111', '222222', '333333']);
    const authority = certify('Lab CA', { ca: true, key: 'rsa' });
    const certificate = certify('kdc', {
      issuer: authority,
      principals: [tgsPrincipal('A.TEST')],
      purposes: [KDC_PURPOSE],
      keyUsage: DIGITAL_SIGNATURE,
      key: 'rsa',
    });
    writeFileSync(join(dir, 'ca.pem'), authority.pem.certificate);
    writeFileSync(join(dir, 'kdc.pem'), certificate.pem.certificate);
    writeFileSync(join(dir, 'kdc.key'), certificate.pem.key);
    kdc = await startMitKdc({
      realm: [`pkinit_identity = FILE:${dir}/kdc.pem,${dir}/kdc.key`, `pkinit_anchors = FILE:${dir}/ca.pem`],
      libdefaults: [`pkinit_anchors = FILE:${dir}/ca.pem`],
      sections: `[otp]
  lab = {
    server = 127.0.0.1:${radius.port}
    secret = ${join(dir, 'secret')}
    timeout = 10
    retries = 1
    strip_realm = true
  }
`,
      principals: [
        'addprinc -randkey +requires_preauth otpuser',
        'setstr otpuser otp "[{""type"":""lab""}]"',
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
    rmSync(dir, { recursive: true, force: true });
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
});
