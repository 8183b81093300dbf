import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import { inspect } from '../../src/cli/inspect.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { pcap, udpFrames } from '../cli/pcap.ts';
import { captureIo } from '../support/io.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';
import { type Relay, startRelay } from '../support/relay.ts';

const up = { from: '10.0.0.2:40000', to: '10.0.0.1:88' };
const down = { from: up.to, to: up.from };

describePeer('mit-kdc', () => {
  let mit: MitKdc;
  let relay: Relay;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    mit = await startMitKdc();
    relay = await startRelay(mit.port);
    const conf = join(mit.dir, 'relayed.conf');
    const direct = readFileSync(mit.krb5Conf, 'utf8');
    writeFileSync(conf, direct.replaceAll(`:${mit.port}`, `:${relay.port}`));
    const kinit = `env KRB5_CONFIG=${conf} kinit alice && env KRB5_CONFIG=${conf} kvno host/localhost`;
    const done = await mit.run('sh', ['-c', kinit], 'alicepw\n');
    expect(done.status, done.stderr).toBe(0);
    env = { ...mit.env, HOME: mit.dir, KRB5KIT_KEYCHAIN: 'none' };
  });
  afterAll(async () => {
    relay?.close();
    await mit?.stop();
  });

  async function run(command: typeof doctor, argv: readonly string[], stdin = '') {
    const io = captureIo({ env, stdin, uid: process.geteuid?.() });
    const status = await runCommand(command, argv, io);
    return { status, stdout: io.stdout, stderr: io.stderr };
  }

  describe('doctor', () => {
    it('finds nothing wrong with the realm, the cache and the keytab of the reference implementation', async () => {
      const { status, stdout, stderr } = await run(doctor, ['alice', 'host/localhost']);
      expect(stderr).toBe('');
      expect(stdout).not.toContain('\u2718');
      expect(status).toBe(0);
      expect(stdout).toContain(`\u2714 KDC udp 127.0.0.1:${mit.port}: answers in `);
      expect(stdout).toContain(`\u2714 KDC tcp 127.0.0.1:${mit.port}: answers in `);
      expect(stdout).toContain('its key of host/localhost@A.TEST decrypts the ticket');
    });

    it('sees that the key was changed after the keytab was written', async () => {
      mit.kadmin(['cpw -randkey HTTP/localhost']);
      const { status, stdout } = await run(doctor, ['alice', 'HTTP/localhost']);
      expect(status).toBe(1);
      expect(stdout).toMatch(
        /\u2718 keytab .*: it has kvno 1 of HTTP\/localhost@A\.TEST, and the KDC kvno 2\n {2}Try: /,
      );
    });

    it('hears that an account is locked', async () => {
      const { stdout } = await run(doctor, ['disabled']);
      expect(stdout).toMatch(
        /\u2718 disabled@A\.TEST: Client's credentials have been revoked\n {2}Try: the account is locked/,
      );
    });
  });

  describe('inspect', () => {
    it("shows the cache that kinit has made, and what the service's key opens", async () => {
      const file = mit.env.KRB5CCNAME!.replace('FILE:', '');
      const { status, stdout } = await run(inspect, ['-t', mit.keytab, file]);
      expect(status).toBe(0);
      expect(stdout).toContain('principal: alice@A.TEST, NT-PRINCIPAL (1)\n');
      expect(stdout).toContain("opened by the keytab's key of host/localhost@A.TEST, kvno 1\n");
      expect(stdout).toContain('EncTicketPart:\n');
      // The KDC signs its PAC, or its ticket, by what it calls the client.
      expect(stdout).toMatch(/clientInfo:|AD-SIGNTICKET/);
      expect(stdout).toContain('name: alice\n');
    });

    it('reads a capture of what kinit and kvno said to the KDC', async () => {
      const file = join(mit.dir, 'capture.pcap');
      const frames = relay.datagrams.flatMap(({ request, data }, id) =>
        udpFrames(request ? up : down, data, { size: 512, id }),
      );
      writeFileSync(file, pcap(frames));
      const { status, stdout } = await run(inspect, [file, '--password'], 'alicepw\n');
      expect(status).toBe(0);
      for (const name of ['AS-REQ', 'KRB-ERROR', 'AS-REP', 'TGS-REQ', 'TGS-REP']) {
        expect(stdout).toContain(`  ${name}:\n`);
      }
      expect(stdout).toContain('EncASRepPart:\n');
      // They ask in FAST, whose armor key the authenticator implies.
      expect(stdout).toContain('KrbFastReq:\n');
      expect(stdout).toContain('strengthened by FAST\n');
      expect(stdout).toContain('EncTGSRepPart:\n');
      expect(stdout).toContain('sname: host/localhost, ');
    });
  });
});
