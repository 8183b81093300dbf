import { readdirSync, readFileSync, statSync } from 'node:fs';
import { request as post } from 'node:https';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { KdcProxyMessage } from '../messages/proxy.ts';
import type { ExchangeOptions, Target } from './protocols.ts';

const LENGTH_BYTES = 4;
/** As for a stream: no ticket is longer. */
const MAX_REPLY_BYTES = 1 << 20;
/** Where systems keep the certificates that their administrators trust; Node has its own in addition. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Exchanges one message through a KDC proxy (MS-KKDCP): POST to `target.host`, a URL. The proxy must have a certificate
 * for its name that leads to `http_anchors` or else to the system's anchors.
 */
export function exchangeHttps(
  target: Target,
  message: Uint8Array,
  { signal }: ExchangeOptions,
): Promise<Uint8Array> {
  const { realm = '', anchors = [] } = target.proxy ?? {};
  const url = proxyUrl(target.host);
  const ca =
    anchors.length > 0 ? anchors.flatMap(readAnchor) : [...rootCertificates, ...systemCertificates()];
  const body = KdcProxyMessage.encode({ kerbMessage: framed(message), targetDomain: realm });
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('no answer'));
    const settle = (outcome: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      exchange.destroy();
      outcome();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const onAbort = (): void => fail(new Error('no answer'));
    const exchange = post(url, {
      method: 'POST',
      agent: false,
      ca,
      // Regardless of the environment: nothing else authenticates what is between us and the KDC.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      headers: {
        'Content-Type': 'application/kerberos',
        'Content-Length': body.length,
        'Cache-Control': 'no-cache',
        Pragma: 'no-cache',
        'User-Agent': 'kerberos/1.0',
      },
    });
    signal.addEventListener('abort', onAbort);
    exchange.on('error', fail);
    // A proxy that switches to another protocol answers with nothing else.
    exchange.on('close', () => fail(new Error('the proxy breaks off')));
    exchange.on('response', response => {
      if (response.statusCode !== 200)
        return fail(new Error(`the proxy answers with status ${response.statusCode}`));
      const chunks: Buffer[] = [];
      let received = 0;
      response.on('error', fail);
      response.on('aborted', () => fail(new Error('the proxy breaks off')));
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > MAX_REPLY_BYTES) return fail(new Error('the reply of the proxy is too long'));
        chunks.push(chunk);
      });
      response.on('end', () => {
        try {
          const reply = unframed(KdcProxyMessage.decode(Buffer.concat(chunks)).kerbMessage);
          settle(() => resolve(reply));
        } catch (error) {
          fail(new Error(`the reply is not from a KDC proxy: ${(error as Error).message}`));
        }
      });
    });
    exchange.end(body);
  });
}

/** The URL, with the usual path if it has none. */
function proxyUrl(text: string): URL {
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = '/KdcProxy';
  return url;
}

/** As over TCP, after its length in four octets. */
function framed(message: Uint8Array): Uint8Array {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

function unframed(bytes: Uint8Array): Uint8Array {
  const message = bytes.subarray(LENGTH_BYTES);
  const length = Buffer.from(bytes.subarray(0, LENGTH_BYTES));
  if (length.length < LENGTH_BYTES || length.readUInt32BE() !== message.length)
    throw new Error('its length is wrong');
  return message;
}

/** The certificates of one `http_anchors` value: `FILE:` or `DIR:`. */
function readAnchor(text: string): readonly string[] {
  const [, type = 'FILE', path = text] = /^(FILE|DIR):(.*)$/s.exec(text) ?? [];
  if (type === 'FILE') return [readFileSync(path, 'latin1')];
  return readdirSync(path)
    .filter(name => /\.(pem|crt|cer|\d)$/i.test(name))
    .flatMap(name => contentsIfAny(join(path, name)));
}

/** The text of a file; none if there is no such file, as where a link leads nowhere, or if it cannot be read. */
function contentsIfAny(path: string): readonly string[] {
  try {
    return statSync(path).isFile() ? [readFileSync(path, 'latin1')] : [];
  } catch {
    return [];
  }
}

function systemCertificates(): readonly string[] {
  for (const path of SYSTEM_BUNDLES) {
    const found = contentsIfAny(path);
    if (found.length > 0) return found;
  }
  return [];
}
