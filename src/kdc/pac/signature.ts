import { verifyPac } from '../../ap/pac.ts';
import { verifyChecksum } from '../../crypto/checksum.ts';
import type { Key } from '../../crypto/key.ts';
import { HMAC_MD5 } from '../../crypto/rc4.ts';
import { Scratch } from '../../crypto/scratch.ts';
import { KerberosError } from '../../errors.ts';
import { AD_IF_RELEVANT, AD_WIN2K_PAC } from '../../messages/authorization.ts';
import { KRB_AP_ERR_MODIFIED } from '../../messages/error-codes.ts';
import {
  decodePacSignature,
  PAC_FULL_CHECKSUM,
  PAC_PRIVSVR_CHECKSUM,
  PAC_SERVER_CHECKSUM,
  PAC_TICKET_CHECKSUM,
  type PacBuffer,
  type PacSignature,
  splitPac,
} from '../../messages/pac.ts';
import { isTgs, type Principal, toPrincipal } from '../../messages/principal.ts';
import { EncTicketPart } from '../../messages/ticket.ts';
import { encodeTicketPart } from '../../messages/ticket-part.ts';
import { AuthorizationData, type AuthorizationDataElement } from '../../messages/types.ts';
import type { PrincipalDatabase } from '../database.ts';
import { kdcKeysOf } from '../kdc-keys.ts';
import type { OpenedTicket } from '../open-ticket.ts';
import { refuse } from '../refusal.ts';
import type { PacContents } from './contents.ts';

/** KERB_NON_KERB_CKSUM_SALT, MS-PAC 2.8.1. */
const KU_PAC_CHECKSUM = 17;
const CHECKSUM_TYPE_BYTES = 4;
/** Replaces the PAC in the ticket for the ticket signature (MS-PAC 2.8.2). */
const PLACEHOLDER = Uint8Array.of(0);

/** What a PAC is signed with, and the ticket it is for. */
interface PacSigning {
  /** The key of the ticket. */
  readonly key: Key;
  /** The key of the ticket-granting service. */
  readonly kdcKey: Key;
  readonly server: Principal;
  /** The DER of the ticket's fields, and the elements of its authorization data that follow the PAC. */
  readonly fields: Uint8Array;
  readonly others: AuthorizationData;
}

const scratch = new Scratch();

/** A PAC with the signatures for one ticket (MS-PAC 2.8); valid until the next is signed. */
export function signPac(contents: PacContents, signing: PacSigning): Uint8Array {
  const { key, kdcKey, fields, others } = signing;
  const ofService = isSigned(signing.server);
  const layout = contents.layout(key, kdcKey, ofService);
  const pac = scratch.take(layout.blank.length);
  contents.write(pac, layout);
  const sum = (by: Key, data: Uint8Array): Uint8Array => by.operations.checksum(KU_PAC_CHECKSUM, data);
  if (ofService) {
    pac.set(sum(kdcKey, encodeTicketPart(fields, { pac: PLACEHOLDER, others })), layout.ticket);
    pac.set(sum(kdcKey, pac), layout.full);
  }
  const server = sum(key, pac);
  pac.set(server, layout.server);
  pac.set(sum(kdcKey, server), layout.kdc);
  return pac;
}

/**
 * Whether tickets for a principal are signed themselves, as those are that a service could alter and present (MS-PAC
 * 2.8.2).
 */
function isSigned(server: Principal): boolean {
  const [service, instance] = server.components;
  return !isTgs(server) && !(service === 'kadmin' && instance === 'changepw');
}

/**
 * The buffers of the PAC in a presented ticket, after checking that a KDC has signed it for this ticket. In a
 * ticket-granting ticket, the seal is enough, because only KDCs can make it; in a service ticket, the KDC's own
 * signatures must be valid, too. `client` is whom the PAC names, if not the client of the ticket. Throws `Refusal`.
 */
export function verifiedPac(
  database: PrincipalDatabase,
  { server: { principal }, part, key }: OpenedTicket,
  bytes: Uint8Array,
  client = toPrincipal(part.cname, part.crealm),
): readonly PacBuffer[] {
  try {
    verifyPac(bytes, { key, client, authtime: part.authtime });
    const buffers = splitPac(bytes);
    if (!isTgs(principal)) checkKdcSignatures(database, { principal, part, bytes }, buffers);
    return buffers;
  } catch (error) {
    if (error instanceof KerberosError) refuse(KRB_AP_ERR_MODIFIED, 'BAD_PAC');
    throw error;
  }
}

interface Signed {
  readonly principal: Principal;
  readonly part: EncTicketPart;
  readonly bytes: Uint8Array;
}

function checkKdcSignatures(
  database: PrincipalDatabase,
  { principal, part, bytes }: Signed,
  buffers: readonly PacBuffer[],
): void {
  const find = (type: number): PacBuffer | undefined => buffers.find(buffer => buffer.type === type);
  const kdc = find(PAC_PRIVSVR_CHECKSUM);
  const server = find(PAC_SERVER_CHECKSUM);
  const ticket = find(PAC_TICKET_CHECKSUM);
  const full = find(PAC_FULL_CHECKSUM);
  if (server === undefined || kdc === undefined || (ticket === undefined && isSigned(principal)))
    refuse(KRB_AP_ERR_MODIFIED, 'UNSIGNED_PAC');
  // Who knows the key can make two texts of one HMAC-MD5, one of which the KDC has signed (CVE-2022-37967).
  if (full === undefined && isSigned(principal) && typeOf(server) === HMAC_MD5)
    refuse(KRB_AP_ERR_MODIFIED, 'UNSIGNED_PAC');
  const isOf = (key: Key): boolean => {
    const matches = (signature: PacBuffer, data: Uint8Array): boolean =>
      verifyChecksum(key, KU_PAC_CHECKSUM, data, signatureIn(signature, key));
    return (
      matches(kdc, server.data.subarray(CHECKSUM_TYPE_BYTES)) &&
      (ticket === undefined || matches(ticket, withPlaceholder(part))) &&
      (full === undefined || matches(full, zeroed(bytes, [server, kdc, full])))
    );
  };
  if (!kdcKeysOf(database, principal.realm, typeOf(kdc)).some(isOf))
    refuse(KRB_AP_ERR_MODIFIED, 'FORGED_PAC');
}

function typeOf({ data }: PacBuffer): number {
  return new DataView(data.buffer, data.byteOffset).getInt32(0, true);
}

function signatureIn({ data }: PacBuffer, { profile }: Key): PacSignature {
  return decodePacSignature(data, () => Math.min(profile.tagLength, data.length - CHECKSUM_TYPE_BYTES));
}

function zeroed(bytes: Uint8Array, signatures: readonly PacBuffer[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const { offset, data } of signatures) copy.fill(0, offset + CHECKSUM_TYPE_BYTES, offset + data.length);
  return copy;
}

/** The ticket in the form that its signature covers. */
function withPlaceholder(part: EncTicketPart): Uint8Array {
  const authorizationData = (part.authorizationData ?? []).map(element => blanked(element));
  return EncTicketPart.encode({ ...part, authorizationData });
}

function blanked({ adType, adData }: AuthorizationDataElement): AuthorizationDataElement {
  if (adType === AD_WIN2K_PAC) return { adType, adData: PLACEHOLDER };
  if (adType !== AD_IF_RELEVANT) return { adType, adData };
  const inner = AuthorizationData.decode(adData);
  if (!inner.some(element => element.adType === AD_WIN2K_PAC)) return { adType, adData };
  return { adType, adData: AuthorizationData.encode(inner.map(element => blanked(element))) };
}
