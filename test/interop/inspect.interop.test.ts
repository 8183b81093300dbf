import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inspect } from '../../src/cli/inspect.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { pcap, udpFrames } from '../cli/pcap.ts';
import { captureIo } from '../support/io.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { runMitSampleClient, startMitSampleService } from '../support/mit-sample.ts';
import { describePeer } from '../support/peers.ts';
import { createPki, type Pki } from '../support/realm-pki.ts';
import { type Relay, startRelay } from '../support/relay.ts';

let kdc: MitKdc;
let pki: Pki;
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
    pki = createPki('A.TEST');
    dir = pki.dir;
    kdc = await startMitKdc({
      passwordServer: true,
      realm: pki.kdcLines,
      libdefaults: pki.clientLines,
      principals: ['addprinc -pw changerpw changer', `ktadd -k ${dir}/changepw.keytab kadmin/changepw`],
    });
  });
  afterAll(async () => {
    await kdc?.stop();
    pki?.remove();
  });

  it('shows what the reference implementation signs for PKINIT, on both sides', async () => {
    const relay = await startRelay(kdc.port);
    try {
      const conf = redirected(kdc.port, relay.port);
      const identity = `X509_user_identity=${pki.identity}`;
      const command = `env KRB5_CONFIG=${conf} kinit -X ${identity} alice`;
      const done = await kdc.run('sh', ['-c', command]);
      expect(done.status, done.stderr).toBe(0);
      const text = await overheard(relay, 88);
      expect(text).toMatch(
        /PA-PK-AS-REQ \(16\):\n.*AuthPack:\n.*subject: [^\n]*CN=alice\n.*principal: alice@A\.TEST\n/s,
      );
      expect(text).toMatch(
        /PA-PK-AS-REP \(17\):\n.*KDCDHKeyInfo:\n.*subject: [^\n]*CN=KDC\n.*principal: krbtgt\/A\.TEST@A\.TEST\n/s,
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
