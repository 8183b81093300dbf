import type { ValueOf } from '../codec/codec.ts';
import { CodecError, KerberosError } from '../errors.ts';
import type { Credential } from './credential.ts';
import { toPrincipal, toPrincipalName } from './principal.ts';
import { EncKrbCredPart, KrbCred, type KrbCredInfo } from './safe-priv-cred.ts';
import { Ticket } from './ticket.ts';

/** The enctype of an encrypted part that is not encrypted. */
const ENCTYPE_NULL = 0;

/**
 * A KRB-CRED of RFC 4120 §5.8 whose encrypted part is in clear text: the form in which some tools keep tickets in
 * files, known as "kirbi". It cannot represent configuration entries and user-to-user credentials, see `fitsKrbCred`.
 */
export function encodeKrbCred(credentials: readonly Credential[]): Uint8Array {
  const cipher = EncKrbCredPart.encode({ ticketInfo: credentials.map(toInfo) });
  return KrbCred.encode({
    tickets: credentials.map(({ ticket }) => ticket),
    encPart: { etype: ENCTYPE_NULL, cipher },
  });
}

/**
 * The credentials of a KRB-CRED in clear text. Throws CodecError, and KerberosError ENCTYPE_UNSUPPORTED if it is
 * encrypted.
 */
export function decodeKrbCred(bytes: Uint8Array): readonly Credential[] {
  const { tickets, encPart } = KrbCred.decode(bytes);
  if (encPart.etype !== ENCTYPE_NULL) {
    throw new KerberosError(
      'ENCTYPE_UNSUPPORTED',
      `The session keys are encrypted (enctype ${encPart.etype}), for a peer that has the key`,
    );
  }
  const { ticketInfo } = EncKrbCredPart.decode(encPart.cipher);
  if (ticketInfo.length !== tickets.length) {
    throw new CodecError(`${ticketInfo.length} for ${tickets.length} tickets`, [
      'EncKrbCredPart',
      'ticketInfo',
    ]);
  }
  return tickets.map((ticket, i) => toCredential(ticket, ticketInfo[i]!));
}

/** Whether a KRB-CRED can represent all of a credential: it has no field for second tickets. */
export function fitsKrbCred({ isSkey, secondTicket, authorizationData }: Credential): boolean {
  return !isSkey && secondTicket.length === 0 && authorizationData.length === 0;
}

function toInfo(credential: Credential): ValueOf<typeof KrbCredInfo> {
  const { client, server, key, flags, authtime, starttime, endtime, renewTill, addresses } = credential;
  return {
    key,
    prealm: client.realm,
    pname: toPrincipalName(client),
    flags,
    authtime,
    starttime,
    endtime,
    renewTill,
    srealm: server.realm,
    sname: toPrincipalName(server),
    caddr: addresses.length === 0 ? undefined : addresses,
  };
}

/**
 * Fields that are absent are taken from the ticket, or are empty. Some tools omit the authtime and give the starttime.
 */
function toCredential(ticket: Uint8Array, info: KrbCredInfo): Credential {
  const { sname, realm } = Ticket.decode(ticket);
  const { prealm, pname, endtime, starttime } = info;
  if (prealm === undefined || pname === undefined) throw missing('pname');
  if (endtime === undefined) throw missing('endtime');
  return {
    client: toPrincipal(pname, prealm),
    server: toPrincipal(info.sname ?? sname, info.srealm ?? realm),
    key: info.key,
    authtime: info.authtime ?? starttime ?? new Date(0),
    starttime,
    endtime,
    renewTill: info.renewTill,
    flags: info.flags ?? 0,
    addresses: info.caddr ?? [],
    authorizationData: [],
    ticket,
    secondTicket: new Uint8Array(0),
    isSkey: false,
  };
}

function missing(field: string): CodecError {
  return new CodecError('missing', ['KrbCredInfo', field]);
}
