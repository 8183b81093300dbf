import { type PeerCertificate, TLSSocket } from 'node:tls';
import { KerberosError } from '../errors.ts';
import { tlsServerEndPoint } from '../gss/channel-bindings.ts';
import type { ChannelBindings } from '../gss/context.ts';

const known = new WeakMap<TLSSocket, { readonly bindings: ChannelBindings | undefined }>();

/**
 * The channel bindings of a connection, from the certificate of its server (tls-server-end-point, RFC 5929 §4);
 * undefined without TLS, and for a certificate for which none are defined.
 */
export function bindingsOf(socket: unknown, side: 'client' | 'server'): ChannelBindings | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const found = known.get(socket);
  if (found !== undefined) return found.bindings;
  const certificate = side === 'client' ? peerCertificate(socket) : socket.getX509Certificate()?.raw;
  const bindings = certificate && endPoint(certificate);
  known.set(socket, { bindings });
  return bindings;
}

function endPoint(certificate: Uint8Array): ChannelBindings | undefined {
  try {
    return tlsServerEndPoint(certificate);
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}

function peerCertificate(socket: TLSSocket): Uint8Array | undefined {
  // Without a certificate, the result is an empty object.
  return (socket.getPeerCertificate() as Partial<PeerCertificate>).raw;
}
