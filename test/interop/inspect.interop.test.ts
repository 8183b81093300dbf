import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inspect } from '../../src/cli/inspect.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { DIGITAL_SIGNATURE } from '../../src/messages/cms-certificate.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { pcap, udpFrames } from '../cli/pcap.ts';
import { captureIo } from '../support/io.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { runMitSampleClient, startMitSampleService } from '../support/mit-sample.ts';
import { describePeer } from '../support/peers.ts';
import { CLIENT_PURPOSE, certify, KDC_PURPOSE } from '../support/pki.ts';
import { type Relay, startRelay } from '../support/relay.ts';

let kdc: MitKdc;
let dir: string;

/** What the two ends of a relay said, as a capture of the port that it stands for. */
async function overheard(relay: Relay, port: number, argv: readonly string[] = [], stdin = '') {
  const up = { from: '10.0.0.2:40000', to: `10.0.0.1:${port}` };
  const down = { from: up.to, to: up.from };
  const frames = relay.datagrams.flatMap(({ request, data }, id) =>
    udpFrames(request ? up : down, data, { id }),
  );
  const file = join(dir, 'capture.pcap');
  writeFileSync(file, pcap(frames));
  return inspected([file, ...argv], stdin);
}

async function inspected(argv: readonly string[], stdin = ''): Promise<string> {
  const io = captureIo({ stdin });
  expect(await runCommand(inspect, argv, io), io.stderr).toBe(0);
  return io.stdout;
}

/** The realm's configuration with another port of this machine. */
function redirected(from: number, to: number): string {
  const conf = join(dir, 'relayed.conf');
  writeFileSync(conf, readFileSync(kdc.krb5Conf, 'utf8').replaceAll(`:${from}`, `:${to}`));
  return conf;
}

describePeer('mit-kadmind', () => describePeer('mit-client', heard));

function heard(): void {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'krb5kit-inspect-'));
    const authority = certify('Lab CA', { ca: true, key: 'rsa' });
    const signing = { issuer: authority, keyUsage: DIGITAL_SIGNATURE, key: 'rsa' } as const;
    const server = certify('kdc', {
      ...signing,
      principals: [tgsPrincipal('A.TEST')],
      purposes: [KDC_PURPOSE],
    });
    const client = certify('alice', {
      ...signing,
      principals: [parsePrincipal('alice@A.TEST')],
      purposes: [CLIENT_PURPOSE],
    });
    for (const [name, text] of [
      ['ca.pem', authority.pem.certificate],
      ['kdc.pem', server.pem.certificate],
      ['kdc.key', server.pem.key],
      ['alice.pem', client.pem.certificate],
      ['alice.key', client.pem.key],
    ] as const)
      writeFileSync(join(dir, name), text);
    kdc = await startMitKdc({
      passwordServer: true,
      realm: [`pkinit_identity = FILE:${dir}/kdc.pem,${dir}/kdc.key`, `pkinit_anchors = FILE:${dir}/ca.pem`],
      libdefaults: [`pkinit_anchors = FILE:${dir}/ca.pem`],
      principals: ['addprinc -pw changerpw changer', `ktadd -k ${dir}/changepw.keytab kadmin/changepw`],
    });
  });
  afterAll(async () => {
    await kdc?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('shows what the reference implementation signs for PKINIT, on both sides', async () => {
    const relay = await startRelay(kdc.port);
    try {
      const conf = redirected(kdc.port, relay.port);
      const identity = `X509_user_identity=FILE:${dir}/alice.pem,${dir}/alice.key`;
      const command = `env KRB5_CONFIG=${conf} kinit -X ${identity} alice`;
      const done = await kdc.run('sh', ['-c', command]);
      expect(done.status, done.stderr).toBe(0);
      const text = await overheard(relay, 88);
      expect(text).toMatch(
        /PA-PK-AS-REQ \(16\):\n.*AuthPack:\n.*subject: [^\n]*CN=alice\n.*principal: alice@A\.TEST\n/s,
      );
      expect(text).toMatch(
        /PA-PK-AS-REP \(17\):\n.*KDCDHKeyInfo:\n.*subject: [^\n]*CN=kdc\n.*principal: krbtgt\/A\.TEST@A\.TEST\n/s,
      );
      expect(text).not.toMatch(/which is no /);
    } finally {
      relay.close();
    }
  });

  it('opens what kpasswd and kadmind say, but for the password', async () => {
    const port = Number(/kpasswd_server = \S+:(\d+)/.exec(readFileSync(kdc.krb5Conf, 'utf8'))![1]);
    const relay = await startRelay(port);
    try {
      const conf = redirected(port, relay.port);
      const typed = 'changerpw\nanother-secret\nanother-secret\n';
      const done = await kdc.run('sh', ['-c', `env KRB5_CONFIG=${conf} kpasswd changer`], typed);
      expect(done.status, done.stderr).toBe(0);
      const keys = ['-t', `${dir}/changepw.keytab`];
      const text = await overheard(relay, 464, keys);
      expect(text).toContain('password request:\n');
      expect(text).toContain('newPassword: (14 bytes, hidden)\n');
      expect(text).toMatch(/password reply:\n.*result: success \(0\)\n/s);
      expect(text).not.toMatch(/another-secret|616e6f74686572/);
      expect(await overheard(relay, 464, [...keys, '--show-keys'])).toContain(
        'newPassword: "another-secret"\n',
      );
    } finally {
      relay.close();
    }
  });
}

describePeer('mit-sample', () => {
  it("reads the replay cache that MIT's library keeps", async () => {
    const mit = await startMitKdc();
    const file = join(mit.dir, 'replayed');
    const service = await startMitSampleService({ ...mit.env, KRB5RCACHENAME: `file2:${file}` });
    try {
      expect((await mit.run('kinit', ['alice'], 'alicepw\n')).status).toBe(0);
      for (let i = 0; i < 3; i++) expect(await runMitSampleClient(service.port, mit.env)).toMatch(/^You are/);
      const text = await inspected([file]);
      expect(text).toContain('replay cache:\n  format: file2\n  records: 3\n');
      expect(text.match(/^ {2}20\d\d-\d\d-\d\dT[\d:]+Z: [\da-f]+$/gm)).toHaveLength(3);
    } finally {
      await service.stop();
      await mit.stop();
    }
  });
});
