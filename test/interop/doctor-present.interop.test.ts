import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type Apache, startApache } from '../support/apache.ts';
import { createAuthority } from '../support/certificates.ts';
import { type GssServer, startGssServer } from '../support/gss-sample.ts';
import { captureIo } from '../support/io.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { type MitSampleService, startMitSampleService } from '../support/mit-sample.ts';
import { describePeer } from '../support/peers.ts';

const PROVED = 'accepted; the service has proved that it holds its key (mutual authentication)';

async function examined(kdc: MitKdc, ...argv: readonly string[]) {
  const env = { ...kdc.env, HOME: kdc.dir, KRB5KIT_KEYCHAIN: 'none', LC_ALL: 'C' };
  const io = captureIo({ env, uid: process.geteuid?.() });
  const status = await runCommand(doctor, ['alice', ...argv], io);
  return { status, stdout: io.stdout };
}

async function loggedIn(): Promise<MitKdc> {
  const kdc = await startMitKdc();
  const done = await kdc.run('kinit', ['alice'], 'alicepw\n');
  expect(done.status, done.stderr).toBe(0);
  return kdc;
}

describePeer('mit-sample', () => {
  let kdc: MitKdc;
  let service: MitSampleService;
  beforeAll(async () => {
    kdc = await loggedIn();
    service = await startMitSampleService({
      ...kdc.env,
      KRB5RCACHENAME: `file2:${join(kdc.dir, 'sample-rcache')}`,
    });
  });
  afterAll(async () => {
    await service?.stop();
    await kdc?.stop();
  });

  it('doctor presents the ticket to the sample service of the reference implementation', async () => {
    const { status, stdout } = await examined(kdc, 'sample@localhost', '--port', `${service.port}`);
    expect(stdout).toContain(
      `[ok]   presenting to localhost:${service.port}: ${PROVED}, and says: You are alice@A.TEST\n`,
    );
    expect(status).toBe(0);
    expect(await service.verdict()).toBe('accepted alice@A.TEST');
  });

  it('doctor hears from it that its key is another', async () => {
    kdc.kadmin(['cpw -randkey sample/localhost']);
    const { status, stdout } = await examined(kdc, 'sample@localhost', '--port', `${service.port}`);
    expect(stdout).toMatch(
      /\[FAIL\] keytab .*: it has kvno \d+ of sample\/localhost@A\.TEST, and the KDC kvno/,
    );
    expect(stdout).toMatch(/\[FAIL\] presenting to localhost:\d+: .+\n +Try: .+\n$/);
    expect(status).toBe(1);
  });
});

describePeer('gss-sample-pair', () => {
  let kdc: MitKdc;
  let server: GssServer;
  beforeAll(async () => {
    kdc = await loggedIn();
    server = await startGssServer('host@localhost', kdc.env);
  });
  afterAll(async () => {
    await server?.stop();
    await kdc?.stop();
  });

  it('doctor presents the ticket to gss-server', async () => {
    const { status, stdout } = await examined(kdc, 'host@localhost', '--gss', '-p', `${server.port}`);
    expect(stdout).toContain(`[ok]   presenting to localhost:${server.port}: ${PROVED}\n`);
    expect(status).toBe(0);
  });
});

describePeer('apache', () => {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-doctor-'));
  let kdc: MitKdc;
  let apache: Apache;
  beforeAll(async () => {
    const own = createAuthority().issue('localhost');
    const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    writeFileSync(files.cert, own.certificate);
    writeFileSync(files.key, own.key);
    kdc = await loggedIn();
    apache = await startApache(kdc, files);
  });
  afterAll(async () => {
    await apache?.stop();
    await kdc?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('doctor presents the ticket to Apache where that asks, and says where it does not', async () => {
    const asks = await examined(kdc, 'HTTP@localhost', '--http', `${apache.url}/krb/env`);
    expect(asks.stdout).toContain(`[ok]   presenting to ${apache.url}/krb/env: ${PROVED}\n`);
    expect(asks.status).toBe(0);
    const open = await examined(kdc, 'HTTP@localhost', '--http', `${apache.url}/open/env`);
    expect(open.stdout).toMatch(
      /\[--\] {3}presenting to \S+: the web server answers with 200 and requires no authentication/,
    );
  });

  it('doctor says that nobody vouches for a certificate', async () => {
    const { status, stdout } = await examined(kdc, 'HTTP@localhost', '--http', `${apache.tlsUrl}/krb/env`);
    expect(stdout).toMatch(/\[FAIL\] presenting to https:\S+: .*\n +Try: let Node\.js trust the CA/);
    expect(status).toBe(1);
  });
});
