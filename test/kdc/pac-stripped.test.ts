import { expect, it } from 'vitest';
import { findPac } from '../../src/ap/pac.ts';
import { makeChecksum } from '../../src/crypto/checksum.ts';
import { AD_IF_RELEVANT, AD_WIN2K_PAC } from '../../src/messages/authorization.ts';
import { KRB_AP_ERR_MODIFIED } from '../../src/messages/error-codes.ts';
import { RENEW, RENEWABLE } from '../../src/messages/flags.ts';
import { isKrbError, KrbError } from '../../src/messages/krb-error.ts';
import {
  PAC_FULL_CHECKSUM,
  PAC_PRIVSVR_CHECKSUM,
  PAC_SERVER_CHECKSUM,
  PAC_TICKET_CHECKSUM,
  splitPac,
} from '../../src/messages/pac.ts';
import { joinPac } from '../../src/messages/pac-writer.ts';
import type { EncTicketPart } from '../../src/messages/ticket.ts';
import { encodeTicketFields, encodeTicketPart } from '../../src/messages/ticket-part.ts';
import { AuthorizationData } from '../../src/messages/types.ts';
import {
  addPrincipal,
  createLab,
  DAY,
  forgedTicket,
  fromNow,
  keyOf,
  type Lab,
  nameOf,
  REALM,
  tgsRequest,
  tgtOf,
} from './support.ts';

const USAGE = 17;
const TYPE_BYTES = 4;

/** The PAC of a ticket for `service` without some of its signatures, the others made anew with every key that it takes. */
function without(lab: Lab, types: readonly number[], service: string, ticket: EncTicketPart, etype: number) {
  const buffers = splitPac(findPac(ticket.authorizationData!)!);
  const kept = buffers.filter(({ type }) => !types.includes(type));
  const { bytes, buffers: places } = joinPac(
    kept.map(({ type, data }) => ({ type, data: Uint8Array.from(data) })),
  );
  const kdc = keyOf(lab, `krbtgt/${REALM}`);
  const put = (type: number, sum: Uint8Array): void => {
    const place = places.find(buffer => buffer.type === type);
    if (place !== undefined) bytes.set(sum, place.offset + TYPE_BYTES);
  };
  const blank = (type: number): void => {
    const data = kept.find(buffer => buffer.type === type)?.data;
    if (data !== undefined) put(type, new Uint8Array(data.length - TYPE_BYTES));
  };
  for (const type of [PAC_SERVER_CHECKSUM, PAC_PRIVSVR_CHECKSUM, PAC_FULL_CHECKSUM]) blank(type);
  const signed = encodeTicketPart(encodeTicketFields(ticket), { pac: Uint8Array.of(0), others: [] });
  put(PAC_TICKET_CHECKSUM, makeChecksum(kdc, USAGE, signed).checksum);
  const full = makeChecksum(kdc, USAGE, bytes).checksum;
  put(PAC_FULL_CHECKSUM, full);
  const server = makeChecksum(keyOf(lab, service, etype), USAGE, bytes).checksum;
  put(PAC_SERVER_CHECKSUM, server);
  put(PAC_PRIVSVR_CHECKSUM, makeChecksum(kdc, USAGE, server).checksum);
  return bytes;
}

/** What becomes of the renewal of a ticket whose PAC lacks signatures: the error's number, or 0. */
function renewal(types: readonly number[], etype: number): number {
  const lab = createLab();
  addPrincipal(lab, 'host/a', { sessionEnctypes: [18] }, [etype]);
  const sname = nameOf('host/a');
  const tgt = tgtOf(lab, { kdcOptions: RENEWABLE, rtime: fromNow(lab, 3 * DAY), sname });
  const pac = { adType: AD_WIN2K_PAC, adData: without(lab, types, 'host/a', tgt.ticket, etype) };
  const wrapped = { adType: AD_IF_RELEVANT, adData: AuthorizationData.encode([pac]) };
  const ticket = forgedTicket(lab, tgt, { authorizationData: [wrapped] });
  const reply = lab.kdc.handle(tgsRequest(lab, tgt, { kdcOptions: RENEW, sname }, { ticket }))!;
  return isKrbError(reply) ? KrbError.decode(reply).errorCode : 0;
}

it.each<[string, readonly number[], number, number]>([
  ['all', [], 18, 0],
  ['all, of a service with RC4', [], 23, 0],
  ['no signature of the whole, as older KDCs make them', [PAC_FULL_CHECKSUM], 18, 0],
  ['no signature of the whole, of a service with RC4', [PAC_FULL_CHECKSUM], 23, KRB_AP_ERR_MODIFIED],
  ['no signature of the ticket', [PAC_TICKET_CHECKSUM], 18, KRB_AP_ERR_MODIFIED],
  ['no signature of the KDC', [PAC_PRIVSVR_CHECKSUM], 18, KRB_AP_ERR_MODIFIED],
  ['no signature of the service', [PAC_SERVER_CHECKSUM], 18, KRB_AP_ERR_MODIFIED],
])('a service’s ticket whose PAC has %s', (_, types, etype, errorCode) => {
  expect(renewal(types, etype)).toBe(errorCode);
});
