import { verifyChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import { CodecError, IntegrityError, KerberosError } from '../errors.ts';
import { AD_IF_RELEVANT, AD_WIN2K_PAC } from '../messages/authorization.ts';
import {
  decodePac,
  decodePacSignature,
  PAC_PRIVSVR_CHECKSUM,
  PAC_SERVER_CHECKSUM,
  type Pac,
  type PacBuffer,
  splitPac,
} from '../messages/pac.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { AuthorizationData } from '../messages/types.ts';

export interface VerifyPacOptions {
  /** The service's key that opened the ticket. */
  readonly key: Key;
  /** The ticket's client. */
  readonly client: Principal;
  /** When the ticket says that its client was authenticated. */
  readonly authtime: Date;
  /** The key of the realm's ticket-granting service, if known; the KDC's signature can be checked only with it. */
  readonly kdcKey?: Key | undefined;
}

/** KERB_NON_KERB_CKSUM_SALT, MS-PAC 2.8.1. */
const KU_PAC_CHECKSUM = 17;
const TYPE_BYTES = 4;

/** The PAC in a ticket's authorization data, if there is one. Throws CodecError. */
export function findPac(authorizationData: AuthorizationData): Uint8Array | undefined {
  for (const { adType, adData } of authorizationData) {
    if (adType === AD_WIN2K_PAC) return adData;
    if (adType !== AD_IF_RELEVANT) continue;
    const inner = AuthorizationData.decode(adData).find(element => element.adType === AD_WIN2K_PAC);
    if (inner !== undefined) return inner.adData;
  }
  return undefined;
}

/**
 * Checks that a PAC was signed by the KDC and belongs to this ticket, and decodes it (MS-KILE 3.4.5.3). Throws
 * IntegrityError for a wrong signature, KerberosError PAC_MISMATCH where it belongs to another ticket, CodecError for
 * what is not a PAC.
 */
export function verifyPac(bytes: Uint8Array, options: VerifyPacOptions): Pac {
  const buffers = splitPac(bytes);
  const server = signatureIn(buffers, PAC_SERVER_CHECKSUM);
  const kdc = signatureIn(buffers, PAC_PRIVSVR_CHECKSUM);
  const signed = Uint8Array.from(bytes);
  for (const { offset, data } of [server, kdc]) signed.fill(0, offset + TYPE_BYTES, offset + data.length);
  const sums = { server: readSignature(server), kdc: readSignature(kdc) };
  if (!verifyChecksum(options.key, KU_PAC_CHECKSUM, signed, sums.server)) throw new IntegrityError();
  if (options.kdcKey && !verifyChecksum(options.kdcKey, KU_PAC_CHECKSUM, sums.server.checksum, sums.kdc)) {
    throw new IntegrityError();
  }
  const pac = decodePac(bytes);
  checkClient(pac, options);
  return pac;
}

function checkClient({ clientInfo }: Pac, { client, authtime }: VerifyPacOptions): void {
  // For a client of another realm and for an enterprise name, the name includes the realm.
  const names = [
    formatPrincipal(client, { realm: false }),
    formatPrincipal(client),
    client.components.join('/'),
  ];
  const sameName = clientInfo !== undefined && names.includes(clientInfo.name);
  const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);
  if (!sameName || clientInfo.authtime === undefined || seconds(clientInfo.authtime) !== seconds(authtime)) {
    throw new KerberosError('PAC_MISMATCH', 'The PAC is not that of the ticket');
  }
}

function signatureIn(buffers: readonly PacBuffer[], type: number): PacBuffer {
  const buffer = buffers.find(buffer => buffer.type === type);
  if (buffer === undefined) throw new CodecError('a signature is missing', ['Pac']);
  return buffer;
}

/** The length depends on the type: HMAC-MD5 has 16 bytes, AES with SHA-1 12, AES with SHA-2 16 or 24. */
function readSignature({ data }: PacBuffer) {
  const lengths: Readonly<Record<number, number>> = { [-138]: 16, 15: 12, 16: 12, 19: 16, 20: 24 };
  return decodePacSignature(data, cksumtype => lengths[cksumtype] ?? data.length - TYPE_BYTES);
}
