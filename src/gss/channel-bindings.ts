import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { textToBytes } from '../codec/text.ts';
import { Certificate, RsaPssParams } from '../messages/cms-certificate.ts';
import { BINDINGS_BYTES } from './authenticator-checksum.ts';
import type { ChannelAddress, ChannelBindings } from './context.ts';
import { GssError } from './gss-error.ts';

const SERVER_END_POINT = textToBytes('tls-server-end-point:');
const UNIQUE = textToBytes('tls-unique:');
const EXPORTER = textToBytes('tls-exporter:');
const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
const EXPORTER_BYTES = 32;
const RSA_PSS = '1.2.840.113549.1.1.10';
const SHA1 = '1.3.14.3.2.26';

/** The hash for a certificate by the algorithm of its signature, or by the hash of RSASSA-PSS (RFC 5929 §4.1). */
const HASHES: Readonly<Record<string, string>> = {
  // MD5 and SHA-1 are replaced by SHA-256.
  '1.2.840.113549.1.1.4': 'sha256',
  '1.2.840.113549.1.1.5': 'sha256',
  '1.2.840.10045.4.1': 'sha256',
  [SHA1]: 'sha256',
  '1.2.840.113549.1.1.14': 'sha224',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/**
 * The channel bindings for a TLS server's certificate in DER (tls-server-end-point, RFC 5929 §4). Throws CodecError,
 * and GssError UNAVAILABLE for signature algorithms without a hash, such as Ed25519, for which no such bindings are
 * defined.
 */
export function tlsServerEndPoint(certificate: Uint8Array): ChannelBindings {
  const { algorithm, parameters } = Certificate.decode(certificate).signatureAlgorithm;
  const name = algorithm === RSA_PSS ? pssHash(parameters) : algorithm;
  const hash = HASHES[name];
  if (hash === undefined) throw new GssError('UNAVAILABLE', `no channel bindings for signatures by ${name}`);
  const digest = createHash(hash).update(certificate).digest();
  return { applicationData: Buffer.concat([SERVER_END_POINT, digest]) };
}

/**
 * The channel bindings of a TLS connection (tls-exporter, RFC 9266). Throws GssError UNAVAILABLE below TLS 1.3: there
 * they require an extension that Node cannot negotiate.
 */
export function tlsExporter(
  socket: Pick<TLSSocket, 'getProtocol' | 'exportKeyingMaterial'>,
): ChannelBindings {
  const protocol = socket.getProtocol();
  if (protocol !== 'TLSv1.3') throw new GssError('UNAVAILABLE', `no channel bindings for ${protocol}`);
  const material = socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
  return { applicationData: Buffer.concat([EXPORTER, material]) };
}

/**
 * The channel bindings of a TLS connection up to TLS 1.2 (tls-unique, RFC 5929 §3), of which `side` is ours. Throws
 * GssError UNAVAILABLE for TLS 1.3, where they are not defined, before the handshake, and after the end.
 */
export function tlsUnique(
  socket: Pick<TLSSocket, 'getProtocol' | 'isSessionReused' | 'getFinished' | 'getPeerFinished'>,
  side: 'client' | 'server',
): ChannelBindings {
  const protocol = socket.getProtocol();
  // The client finishes first, unless a session is resumed.
  const oursIsFirst = (side === 'client') !== socket.isSessionReused();
  // Node gives null once the connection is gone.
  const finished: Uint8Array | null | undefined = oursIsFirst
    ? socket.getFinished()
    : socket.getPeerFinished();
  if (protocol === 'TLSv1.3' || !finished) {
    throw new GssError('UNAVAILABLE', `no channel bindings for ${protocol}`);
  }
  return { applicationData: Buffer.concat([UNIQUE, finished]) };
}

/** The MD5 of channel bindings as the authenticator's checksum carries it (RFC 4121 §4.1.1.2); zeros for none. */
export function hashBindings(bindings: ChannelBindings | undefined): Uint8Array {
  if (bindings === undefined) return new Uint8Array(BINDINGS_BYTES);
  const { initiatorAddress, acceptorAddress, applicationData } = bindings;
  const hash = createHash('md5');
  for (const address of [initiatorAddress, acceptorAddress]) hashAddress(hash, address);
  return hash.update(word(applicationData.length)).update(applicationData).digest();
}

function hashAddress(hash: ReturnType<typeof createHash>, address: ChannelAddress | undefined): void {
  // A missing address counts as one of type zero.
  const { type, address: bytes } = address ?? { type: 0, address: new Uint8Array(0) };
  hash.update(word(type)).update(word(bytes.length)).update(bytes);
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function pssHash(parameters: Uint8Array | undefined): string {
  const hash = parameters && RsaPssParams.decode(parameters).hashAlgorithm?.algorithm;
  // RFC 4055 §3.1: SHA-1 is the default.
  return hash ?? SHA1;
}
