import { type Credential, isExpired, startOf } from '../messages/credential.ts';
import { formatPrincipal, toPrincipal } from '../messages/principal.ts';
import type { HostAddress } from '../messages/types.ts';
import { describeAddress } from './addresses.ts';
import { decodeTicket } from './decode-ticket.ts';
import { fieldName, flagList } from './inspect/names.ts';
import { enctypeJson, named } from './json.ts';

/** A ticket in JSON, without its key: what its owner can see of it, and how long it is valid. */
export async function ticketJson(credential: Credential, now: Date): Promise<object> {
  const { flags, renewTill, addresses, authorizationData } = credential;
  const ticket = decodeTicket(credential.ticket);
  return {
    client: formatPrincipal(credential.client),
    server: formatPrincipal(credential.server),
    ticketServer: ticket === undefined ? null : formatPrincipal(toPrincipal(ticket.sname, ticket.realm)),
    kvno: ticket === undefined ? null : (ticket.encPart.kvno ?? 0),
    enctype: ticket === undefined ? null : enctypeJson(ticket.encPart.etype),
    sessionEnctype: enctypeJson(credential.key.keytype),
    flags: ticketFlagsJson(flags),
    authtime: credential.authtime,
    starttime: startOf(credential),
    endtime: credential.endtime,
    renewTill: renewTill ?? null,
    expired: isExpired(credential, now),
    secondsLeft: secondsUntil(credential.endtime, now),
    renewSecondsLeft: renewTill === undefined ? null : secondsUntil(renewTill, now),
    addresses: await Promise.all(addresses.map(addressJson)),
    authorizationData: authorizationData.map(({ adType }) => named(adType, fieldName('adType', adType))),
    userToUser: credential.isSkey,
  };
}

/** Whole seconds from `now` to a time, 0 if that has passed. */
export function secondsUntil(time: Date, now: Date): number {
  return Math.max(0, Math.floor((time.getTime() - now.getTime()) / 1000));
}

/** Ticket flags: their number, and their names in RFC 4120 §5.3 and its successors. */
function ticketFlagsJson(flags: number): object {
  return { number: flags >>> 0, names: flagList('flags', flags) };
}

async function addressJson(address: HostAddress): Promise<object> {
  const { addrType } = address;
  const text = await describeAddress(address, { resolve: false });
  return { type: named(addrType, fieldName('addrType', addrType)), address: text };
}
