import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from './certificates.ts';
import { killAtExit, untilListening } from './daemons.ts';
import { freePort } from './free-port.ts';
import { findProgram } from './peers.ts';

export interface KdcProxy {
  readonly url: string;
  /** The certificate authority's certificate. */
  readonly anchors: string;
  stop(): Promise<void>;
}

/** The reference KDC proxy for Python, under gunicorn with TLS, in front of a KDC. */
export async function startKdcProxy(realm: string, kdc: string): Promise<KdcProxy> {
  const dir = mkdtempSync(join(tmpdir(), 'krb5kit-kdcproxy-'));
  const authority = createAuthority();
  const { certificate, key } = authority.issue('localhost', '127.0.0.1');
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const anchors = file('ca.pem', authority.certificate);
  const config = file(
    'kdcproxy.conf',
    `[global]\nuse_dns = false\n[${realm}]\nkerberos = kerberos+tcp://${kdc}\n`,
  );
  const port = await freePort();
  const args = [
    ...['--certfile', file('tls.pem', certificate), '--keyfile', file('tls.key', key)],
    ...['-b', `127.0.0.1:${port}`, '-w', '1', '--threads', '4', '--worker-tmp-dir', dir],
    'kdcproxy:Application()',
  ];
  const daemon = spawn(findProgram('gunicorn')!, args, {
    cwd: dir,
    env: { PATH: '/usr/bin:/bin', KDCPROXY_CONFIG: config },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  daemon.stderr.setEncoding('utf8').on('data', text => {
    log += text;
  });
  killAtExit(daemon);
  await untilListening(daemon, [{ port, host: '127.0.0.1' }], () => log);
  return {
    url: `https://localhost:${port}/KdcProxy`,
    anchors,
    async stop() {
      const ended = new Promise(resolve => daemon.once('exit', resolve));
      if (daemon.exitCode === null && daemon.signalCode === null) {
        daemon.kill('SIGKILL');
        await ended;
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
