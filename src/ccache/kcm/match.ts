import type { Credential } from '../../messages/credential.ts';
import { type Principal, samePrincipal } from '../../messages/principal.ts';
import type { AuthorizationDataElement, EncryptionKey, HostAddress } from '../../messages/types.ts';
import {
  type CredentialTimes,
  readAddresses,
  readAuthorizationData,
  readKey,
  readPrincipal,
  readTimes,
  writeAddresses,
  writeAuthorizationData,
  writeKey,
  writePrincipal,
  writeTimes,
} from '../file/credential-format.ts';
import type { Field } from './fields.ts';

/** What a credential is compared with; absent members match anything. */
export interface MatchTag extends CredentialTimes {
  readonly client?: Principal | undefined;
  readonly server?: Principal | undefined;
  readonly key?: EncryptionKey | undefined;
  readonly isSkey: boolean;
  readonly flags: number;
  readonly addresses?: readonly HostAddress[] | undefined;
  readonly authorizationData?: readonly AuthorizationDataElement[] | undefined;
  readonly ticket?: Uint8Array | undefined;
  readonly secondTicket?: Uint8Array | undefined;
}

/** How to compare, in Heimdal's numbering, which the protocol uses. */
export const MATCH = {
  CACHED_ONLY: 1,
  ANY_REALM: 2 ** 31,
  KEY_TYPE: 2 ** 30,
  SERVER_NAME_ONLY: 2 ** 29,
  FLAGS_EXACT: 2 ** 28,
  FLAGS: 2 ** 27,
  TIMES_EXACT: 2 ** 26,
  TIMES: 2 ** 25,
  AUTHDATA: 2 ** 24,
  SECOND_TICKET: 2 ** 23,
  IS_SKEY: 2 ** 22,
} as const;

/** Which fields of a tag are present. */
const PRESENT = {
  client: 0x1,
  server: 0x2,
  key: 0x4,
  ticket: 0x8,
  secondTicket: 0x10,
  authorizationData: 0x20,
  addresses: 0x40,
} as const;

export const MatchTagField: Field<MatchTag> = {
  read(reader, name) {
    return reader.within(name, () => {
      const present = reader.u32('present');
      const where = <T>(part: keyof typeof PRESENT, read: () => T): T | undefined =>
        present & PRESENT[part] ? read() : undefined;
      return {
        client: where('client', () => readPrincipal(reader, 'client')),
        server: where('server', () => readPrincipal(reader, 'server')),
        key: where('key', () => readKey(reader)),
        ...readTimes(reader),
        isSkey: reader.u8('isSkey') !== 0,
        flags: reader.u32('flags'),
        addresses: where('addresses', () => readAddresses(reader)),
        authorizationData: where('authorizationData', () => readAuthorizationData(reader)),
        ticket: where('ticket', () => reader.counted32('ticket')),
        secondTicket: where('secondTicket', () => reader.counted32('secondTicket')),
      };
    });
  },
  write(writer, tag) {
    const { client, server, key, addresses, authorizationData, ticket, secondTicket } = tag;
    let present = 0;
    for (const part of Object.keys(PRESENT) as (keyof typeof PRESENT)[]) {
      if (tag[part] !== undefined) present |= PRESENT[part];
    }
    writer.u32(present);
    if (client !== undefined) writePrincipal(writer, client);
    if (server !== undefined) writePrincipal(writer, server);
    if (key !== undefined) writeKey(writer, key);
    writeTimes(writer, tag);
    writer.u8(tag.isSkey ? 1 : 0);
    writer.u32(tag.flags >>> 0);
    if (addresses !== undefined) writeAddresses(writer, addresses);
    if (authorizationData !== undefined) writeAuthorizationData(writer, authorizationData);
    if (ticket !== undefined) writer.counted32(ticket);
    if (secondTicket !== undefined) writer.counted32(secondTicket);
  },
};

/** Whether a credential matches the tag, compared according to `how`, a sum of `MATCH`. */
export function matchesTag(credential: Credential, tag: MatchTag, how: number): boolean {
  const asked = (flag: keyof typeof MATCH): boolean => (how & MATCH[flag]) !== 0;
  const { client, server } = tag;
  return (
    (client === undefined || samePrincipal(client, credential.client)) &&
    (server === undefined ||
      (asked('ANY_REALM') || asked('SERVER_NAME_ONLY')
        ? samePrincipal({ ...server, realm: credential.server.realm }, credential.server)
        : samePrincipal(server, credential.server))) &&
    (!asked('KEY_TYPE') || tag.key === undefined || tag.key.keytype === credential.key.keytype) &&
    (!asked('IS_SKEY') || tag.isSkey === credential.isSkey) &&
    (!asked('FLAGS_EXACT') || tag.flags >>> 0 === credential.flags >>> 0) &&
    (!asked('FLAGS') || (tag.flags & credential.flags) >>> 0 === tag.flags >>> 0) &&
    (!asked('TIMES_EXACT') || sameTimes(tag, credential)) &&
    (!asked('TIMES') || lastsAsLong(credential, tag)) &&
    (!asked('AUTHDATA') || sameAuthorizationData(tag.authorizationData ?? [], credential)) &&
    (!asked('SECOND_TICKET') || sameBytes(tag.secondTicket ?? new Uint8Array(), credential.secondTicket))
  );
}

function sameTimes(a: CredentialTimes, b: CredentialTimes): boolean {
  const seconds = (date: Date | undefined): number => Math.floor((date?.getTime() ?? 0) / 1000);
  return (
    seconds(a.authtime) === seconds(b.authtime) &&
    seconds(a.starttime) === seconds(b.starttime) &&
    seconds(a.endtime) === seconds(b.endtime) &&
    seconds(a.renewTill) === seconds(b.renewTill)
  );
}

function lastsAsLong(credential: CredentialTimes, { endtime, renewTill }: CredentialTimes): boolean {
  const renewable = credential.renewTill?.getTime() ?? 0;
  return credential.endtime >= endtime && renewable >= (renewTill?.getTime() ?? 0);
}

function sameAuthorizationData(
  elements: readonly AuthorizationDataElement[],
  { authorizationData }: Credential,
): boolean {
  return (
    elements.length === authorizationData.length &&
    elements.every(({ adType, adData }, i) => {
      const other = authorizationData[i]!;
      return adType === other.adType && sameBytes(adData, other.adData);
    })
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
