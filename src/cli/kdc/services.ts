import { readFileSync } from 'node:fs';
import { systemReason } from '../../errno.ts';
import { ConfigError } from '../../errors.ts';
import type { KdcServiceOptions } from '../../kdc/services.ts';
import { type Arguments, type OptionRow, UsageError } from '../command.ts';
import { readPort } from '../ports.ts';

/** The options of what is beside a KDC. */
export const serviceOptions: readonly OptionRow[] = [
  {
    flags: '--kpasswd-port <port>',
    text: 'Accept password changes on this UDP and TCP port; a free one by default.',
  },
  {
    flags: '--kkdcp-port <port>',
    text: 'Serve clients over HTTP (MS-KKDCP) on this port; 0 means a free one.',
  },
  { flags: '--tls-certificate <file>', text: 'Use HTTPS instead of HTTP, with this certificate in PEM.' },
  { flags: '--tls-key <file>', text: 'The private key of the certificate, if it is in another file.' },
];

/** Reads them. Throws UsageError and, for a certificate that cannot be read, ConfigError. */
export function readServices(args: Arguments, program: string): KdcServiceOptions {
  const passwordPort = readPort(args.value('kpasswdPort'), 0, program);
  const port = args.value('kkdcpPort');
  const certificate = args.value('tlsCertificate');
  const key = args.value('tlsKey') ?? certificate;
  if (port === undefined) {
    if (key !== undefined) throw new UsageError(`${program}: a certificate is for --kkdcp-port`);
    return { passwordPort };
  }
  if (key !== undefined && certificate === undefined) {
    throw new UsageError(`${program}: --tls-key without --tls-certificate`);
  }
  const tls =
    certificate === undefined ? undefined : { certificate: readPem(certificate), key: readPem(key!) };
  // Certificates are for names as a rule.
  const name = tls === undefined || args.value('host') !== undefined ? undefined : 'localhost';
  return { passwordPort, kkdcp: { port: readPort(port, 0, program), tls, name } };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (cause) {
    throw new ConfigError('CONFIG_UNREADABLE', `${file}: ${systemReason(cause)}`, { file }, { cause });
  }
}
