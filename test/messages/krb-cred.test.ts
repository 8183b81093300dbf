import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KerberosError } from '../../src/errors.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { decodeKrbCred, encodeKrbCred, fitsKrbCred } from '../../src/messages/krb-cred.ts';
import { toPrincipalName } from '../../src/messages/principal.ts';
import { EncKrbCredPart, KrbCred } from '../../src/messages/safe-priv-cred.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { anyKey, anyPrincipal } from '../ccache/samples.ts';
import { alice, credential, later, NOW, tgt } from '../ccache/tickets.ts';

const ticketOf = ({ server }: Pick<Credential, 'server'>): Uint8Array =>
  Ticket.encode({
    realm: server.realm,
    sname: toPrincipalName(server),
    encPart: { etype: 18, kvno: 3, cipher: new Uint8Array(40).fill(5) },
  });
const host = credential('host/a@A.TEST');
const full: Credential = {
  ...host,
  ticket: ticketOf(host),
  starttime: later(10),
  renewTill: later(9999),
  addresses: [{ addrType: 2, address: Uint8Array.of(127, 0, 0, 1) }],
};

const time = fc.integer({ min: 0, max: 0xffffffff }).map(seconds => new Date(seconds * 1000));
const anyCredential: fc.Arbitrary<Credential> = fc
  .record({
    client: anyPrincipal,
    server: anyPrincipal,
    key: anyKey,
    authtime: time,
    starttime: fc.option(time, { nil: undefined }),
    endtime: time,
    renewTill: fc.option(time, { nil: undefined }),
    flags: fc.nat(0xffffffff),
    addresses: fc.array(fc.record({ addrType: fc.nat(200), address: fc.uint8Array({ maxLength: 16 }) }), {
      maxLength: 2,
    }),
  })
  .map(fields => ({
    ...fields,
    authorizationData: [],
    ticket: ticketOf(fields),
    secondTicket: new Uint8Array(0),
    isSkey: false,
  }));

/** A KRB-CRED as another tool may write it: `info` says of the one ticket what it likes. */
function written(info: object, { etype = 0, tickets = [full.ticket] } = {}): Uint8Array {
  const ticketInfo = [{ key: full.key, ...info }];
  return KrbCred.encode({ tickets, encPart: { etype, cipher: EncKrbCredPart.encode({ ticketInfo }) } });
}

describe('a KRB-CRED in clear', () => {
  it('keeps every field and flag of the credentials', () => {
    expect(decodeKrbCred(encodeKrbCred([full, { ...tgt, ticket: ticketOf(tgt) }]))).toEqual([
      full,
      { ...tgt, ticket: ticketOf(tgt) },
    ]);
    fc.assert(
      fc.property(fc.array(anyCredential, { maxLength: 3 }), credentials => {
        expect(decodeKrbCred(encodeKrbCred(credentials))).toEqual(credentials);
      }),
    );
  });

  it('may leave out what the ticket says itself, the authtime, and what is nothing', () => {
    const pname = toPrincipalName(alice);
    const kirbi = written({ prealm: 'A.TEST', pname, starttime: NOW, endtime: later(60) });
    expect(decodeKrbCred(kirbi)).toEqual([
      { ...host, ticket: full.ticket, starttime: NOW, endtime: later(60), flags: 0 },
    ]);
  });

  it.each([
    ['whose it is', { endtime: NOW }, 'KrbCredInfo.pname: missing'],
    ['when it ends', { prealm: 'A.TEST', pname: toPrincipalName(alice) }, 'KrbCredInfo.endtime: missing'],
  ])('is refused when it does not say %s', (_, info, message) => {
    expect(() => decodeKrbCred(written(info))).toThrow(message);
  });

  it('is refused when its tickets and what it says of them do not go together', () => {
    for (const tickets of [[], [full.ticket, full.ticket]]) {
      expect(() => decodeKrbCred(written({}, { tickets }))).toThrow(`1 for ${tickets.length} tickets`);
    }
  });

  it('is refused when it is sealed', () => {
    expect(() => decodeKrbCred(written({}, { etype: 18 }))).toThrow(
      expect.objectContaining({ code: 'ENCTYPE_UNSUPPORTED' }),
    );
  });

  it('has no place for second tickets', () => {
    expect(fitsKrbCred(full)).toBe(true);
    expect(fitsKrbCred({ ...full, isSkey: true })).toBe(false);
    expect(fitsKrbCred({ ...full, secondTicket: full.ticket })).toBe(false);
    expect(fitsKrbCred({ ...full, authorizationData: [{ adType: 1, adData: full.ticket }] })).toBe(false);
  });

  it('gives nothing but KerberosErrors for bytes that are none', () => {
    const bytes = encodeKrbCred([full]);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, octet) => {
        const broken = bytes.slice();
        broken[at] = octet;
        try {
          decodeKrbCred(broken);
        } catch (error) {
          expect(error).toBeInstanceOf(KerberosError);
        }
      }),
    );
  });
});
