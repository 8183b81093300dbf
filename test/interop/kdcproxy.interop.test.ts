import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { type Environment, ours } from '../support/both-programs.ts';
import { type KdcProxy, startKdcProxy } from '../support/kdcproxy.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';

describePeer('kdcproxy', () => {
  let kdc: MitKdc;
  let proxy: KdcProxy;
  let env: Environment;

  /** The client's profile, with the proxy alone as the way to the KDC. */
  function profile(anchors: string): string {
    const path = join(kdc.dir, `proxy${anchors.length}.conf`);
    const direct = `kdc = 127.0.0.1:${kdc.port}`;
    const text = readFileSync(kdc.krb5Conf, 'utf8');
    expect(text).toContain(direct);
    writeFileSync(path, text.replace(direct, `kdc = ${proxy.url}\n    http_anchors = FILE:${anchors}`));
    return path;
  }

  beforeAll(async () => {
    kdc = await startMitKdc();
    proxy = await startKdcProxy('A.TEST', `127.0.0.1:${kdc.port}`);
    env = { ...kdc.env, KRB5_CONFIG: profile(proxy.anchors) };
  });
  afterAll(async () => {
    await proxy?.stop();
    await kdc?.stop();
  });

  it('carries both exchanges through HTTPS', async () => {
    expect(await ours(kinit, ['alice'], env, 'alicepw\n')).toMatchObject({ status: 0, stderr: '' });
    expect(await ours(kvno, ['HTTP/localhost'], env)).toMatchObject({
      status: 0,
      stdout: 'HTTP/localhost@A.TEST: kvno = 1\n',
    });
  });

  it('is not used without a certificate that the anchors vouch for', async () => {
    const foreign = { ...env, KRB5_CONFIG: profile(`${kdc.dir}/none.pem`) };
    expect(await ours(kinit, ['alice'], foreign, 'alicepw\n')).toMatchObject({
      status: 1,
      stderr: "kinit: Cannot contact any KDC for realm 'A.TEST' while getting initial credentials\n",
    });
  });
});
