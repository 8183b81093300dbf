import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAtExit, untilListening } from './daemons.ts';
import { freePort } from './free-port.ts';
import type { MitKdc } from './mit-kdc.ts';

interface ApacheOptions {
  /** PEM files for a server with TLS. */
  readonly cert: string;
  readonly key: string;
}

export interface Apache {
  /** `http://localhost:PORT`. */
  readonly url: string;
  readonly tlsUrl: string;
  /** A proxy that demands authentication, for plain requests and for CONNECT to any port. */
  readonly proxyUrl: string;
  /** Returns its log. */
  log(): string;
  stop(): Promise<void>;
}

/** Where Debian keeps Apache's modules. */
const APACHE_MODULES = '/usr/lib/apache2/modules';
const modules = [
  ...['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'mime', 'alias', 'cgid', 'headers'],
  ...['socache_shmcb', 'ssl', 'proxy', 'proxy_http', 'proxy_connect', 'auth_gssapi'],
];

/**
 * Apache with mod_auth_gssapi and the keys of a realm's services. Under /krb, /conn (a context is kept for its
 * connection), /deleg (which reports the cache of delegated credentials as KRB5CCNAME) and /open (without
 * authentication) it answers with the environment of the request, and with the length of the body as BODY.
 */
export async function startApache(kdc: MitKdc, { cert, key }: ApacheOptions): Promise<Apache> {
  const dir = mkdtempSync(join(tmpdir(), 'apache-'));
  const [port, tlsPort, proxyPort] = [await freePort(), await freePort(), await freePort()];
  for (const name of ['cgi', 'run', 'deleg', 'rcache']) mkdirSync(join(dir, name));
  const script = join(dir, 'cgi/env');
  writeFileSync(script, '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n"\nenv\necho "BODY=$(wc -c)"\n');
  chmodSync(script, 0o755);
  copyFileSync(kdc.keytab, join(dir, 'keytab'));
  writeFileSync(join(dir, 'httpd.conf'), configuration(dir, { port, tlsPort, proxyPort, cert, key }));
  // As root, Apache runs its children as another user.
  const root = process.getuid?.() === 0;
  if (root) {
    const { status } = spawnSync('chown', ['-R', 'www-data', dir]);
    if (status !== 0) throw new Error('chown failed');
  }
  chmodSync(dir, 0o755);
  const env = { PATH: kdc.env.PATH, KRB5_CONFIG: kdc.krb5Conf, KRB5RCACHEDIR: join(dir, 'rcache') };
  chmodSync(kdc.dir, 0o755);
  const daemon = spawn('/usr/sbin/apache2', ['-f', join(dir, 'httpd.conf'), '-DFOREGROUND'], { env });
  killAtExit(daemon);
  let said = '';
  for (const output of [daemon.stdout, daemon.stderr]) {
    output.setEncoding('utf8').on('data', text => {
      said += text;
    });
  }
  const log = (): string => {
    try {
      return said + readFileSync(join(dir, 'error.log'), 'utf8');
    } catch {
      return said;
    }
  };
  async function stop(): Promise<void> {
    const ended = new Promise(resolve => daemon.once('exit', resolve));
    if (daemon.kill('SIGTERM')) await ended;
    rmSync(dir, { recursive: true, force: true });
  }
  await untilListening(daemon, [{ port, host: '127.0.0.1' }], log);
  return {
    url: `http://localhost:${port}`,
    tlsUrl: `https://localhost:${tlsPort}`,
    proxyUrl: `http://localhost:${proxyPort}`,
    log,
    stop,
  };
}

interface Places extends ApacheOptions {
  readonly port: number;
  readonly tlsPort: number;
  readonly proxyPort: number;
}

function configuration(dir: string, { port, tlsPort, proxyPort, cert, key }: Places): string {
  const negotiate = (more = '') => `AuthType GSSAPI
  AuthName "lab"
  GssapiCredStore keytab:${dir}/keytab
  ${more}
  Require valid-user`;
  return `ServerRoot "${dir}"
ServerName localhost
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${tlsPort}
Listen 127.0.0.1:${proxyPort}
PidFile ${dir}/run/httpd.pid
Mutex file:${dir}/run
DefaultRuntimeDir ${dir}/run
ErrorLog ${dir}/error.log
LogLevel info
${modules.map(name => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`).join('\n')}
ScriptSock ${dir}/run/cgisock
User www-data
Group www-data
StartServers 1
KeepAlive On
TypesConfig /etc/mime.types
${['open', 'krb', 'conn', 'deleg'].map(name => `ScriptAlias /${name} ${dir}/cgi/env`).join('\n')}
<Directory ${dir}/cgi>
  Require all granted
</Directory>
<Location /krb>
  ${negotiate()}
</Location>
<Location /conn>
  ${negotiate('GssapiConnectionBound On')}
</Location>
<Location /deleg>
  ${negotiate(`GssapiDelegCcacheDir ${dir}/deleg`)}
</Location>
<VirtualHost 127.0.0.1:${tlsPort}>
  SSLEngine on
  SSLCertificateFile ${cert}
  SSLCertificateKeyFile ${key}
</VirtualHost>
<VirtualHost 127.0.0.1:${proxyPort}>
  ProxyRequests On
  AllowCONNECT 1-65535
  <Proxy *>
    ${negotiate()}
  </Proxy>
</VirtualHost>
`;
}
