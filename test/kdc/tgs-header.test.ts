import { describe, expect, it } from 'vitest';
import {
  KDC_ERR_ETYPE_NOSUPP,
  KDC_ERR_PADATA_TYPE_NOSUPP,
  KDC_ERR_SUMTYPE_NOSUPP,
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_BADADDR,
  KRB_AP_ERR_BADKEYVER,
  KRB_AP_ERR_BADMATCH,
  KRB_AP_ERR_INAPP_CKSUM,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_NOKEY,
  KRB_AP_ERR_NOT_US,
  KRB_AP_ERR_REPEAT,
  KRB_AP_ERR_SKEW,
  KRB_AP_ERR_TKT_EXPIRED,
  KRB_AP_ERR_TKT_NYV,
  KRB_ERR_GENERIC,
} from '../../src/messages/error-codes.ts';
import { hostAddress } from '../../src/messages/host-address.ts';
import { KdcReqBody, TgsReq } from '../../src/messages/kdc-req.ts';
import { PA_TGS_REQ } from '../../src/messages/numbers.ts';
import { tgsPrincipal } from '../../src/messages/principal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import {
  bodyOf,
  createLab,
  forgedTicket,
  fromNow,
  type Granted,
  grantedByTgs,
  HOUR,
  type Lab,
  nameOf,
  REALM,
  refusalOf,
  type TgsDeviations,
  tgsRequest,
  tgtOf,
} from './support.ts';

function refused(lab: Lab, tgt: Granted, deviations: TgsDeviations): number {
  return refusalOf(lab, tgsRequest(lab, tgt, {}, deviations)).errorCode;
}

describe('the ticket presented', () => {
  it('must be there', () => {
    const lab = createLab();
    expect(refused(lab, tgtOf(lab), { padata: [] })).toBe(KDC_ERR_PADATA_TYPE_NOSUPP);
    const junk = { padataType: PA_TGS_REQ, padataValue: Uint8Array.of(0x6e, 0) };
    expect(refused(lab, tgtOf(lab), { padata: [junk] })).toBe(KRB_ERR_GENERIC);
  });

  it('must be of this realm', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    const ticket = Ticket.decode(tgt.ticketBytes);
    const foreign = Ticket.encode({ ...ticket, realm: 'ELSEWHERE' });
    const unknown = Ticket.encode({ ...ticket, sname: nameOf('krbtgt/ELSEWHERE') });
    expect(refused(lab, tgt, { ticket: foreign })).toBe(KRB_AP_ERR_NOT_US);
    expect(refused(lab, tgt, { ticket: unknown })).toBe(KRB_AP_ERR_NOT_US);
  });

  it('must be sealed in the key that it names', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    const ticket = Ticket.decode(tgt.ticketBytes);
    const { encPart } = ticket;
    const cipher = Uint8Array.from(encPart.cipher);
    cipher[20]! ^= 1;
    const altered = (changes: object) => Ticket.encode({ ...ticket, encPart: { ...encPart, ...changes } });
    expect(refused(lab, tgt, { ticket: altered({ cipher }) })).toBe(KRB_AP_ERR_BAD_INTEGRITY);
    expect(refused(lab, tgt, { ticket: altered({ kvno: 2 }) })).toBe(KRB_AP_ERR_BADKEYVER);
    expect(refused(lab, tgt, { ticket: altered({ etype: 25 }) })).toBe(KRB_AP_ERR_NOKEY);
  });

  it('may be sealed in an older key that the database still has', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    lab.database.addKeys(tgsPrincipal(REALM), { random: true });
    expect(grantedByTgs(lab, tgt).part.sname).toEqual(nameOf('host/server'));
    expect(Ticket.decode(tgtOf(lab).ticketBytes).encPart.kvno).toBe(2);
  });

  it('may leave open which of the newest keys it is sealed in', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    const ticket = Ticket.decode(tgt.ticketBytes);
    const { kvno: _, ...encPart } = ticket.encPart;
    const unnumbered = [encPart, { ...encPart, kvno: 0 }].map(part =>
      Ticket.encode({ ...ticket, encPart: part }),
    );
    const changeKey = () => lab.database.addKeys(tgsPrincipal(REALM), { random: true }, { keep: 4 });
    changeKey();
    changeKey();
    for (const sealed of unnumbered) {
      expect(grantedByTgs(lab, tgt, {}, { ticket: sealed }).part.sname).toEqual(nameOf('host/server'));
    }
    changeKey();
    for (const sealed of unnumbered) {
      expect(refused(lab, tgt, { ticket: sealed })).toBe(KRB_AP_ERR_BAD_INTEGRITY);
    }
  });

  it('must be valid now', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    const early = forgedTicket(lab, tgt, { starttime: fromNow(lab, 301) });
    expect(refused(lab, tgt, { ticket: early })).toBe(KRB_AP_ERR_TKT_NYV);
    lab.advance(10 * HOUR);
    expect(refused(lab, tgt, {})).toBe(KRB_AP_ERR_TKT_EXPIRED);
  });

  it('must have a session key that can be used', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    const des = forgedTicket(lab, tgt, { key: { keytype: 3, keyvalue: new Uint8Array(8) } });
    const short = forgedTicket(lab, tgt, { key: { keytype: 18, keyvalue: new Uint8Array(8) } });
    expect(refused(lab, tgt, { ticket: des })).toBe(KDC_ERR_ETYPE_NOSUPP);
    expect(refused(lab, tgt, { ticket: short })).toBe(KDC_ERR_ETYPE_NOSUPP);
  });

  it('must come from one of its addresses', () => {
    const lab = createLab();
    const bound = tgtOf(lab, { addresses: [hostAddress('10.0.0.1')!, hostAddress('fe80::1')!] });
    for (const address of ['10.0.0.2', 'fe80::2', 'nowhere']) {
      expect(refusalOf(lab, tgsRequest(lab, bound), address).errorCode).toBe(KRB_AP_ERR_BADADDR);
    }
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', 'fe80::1%eth0']) {
      const reply = lab.kdc.handle(tgsRequest(lab, bound), { address, transport: 'tcp' });
      expect(reply?.[0]).toBe(0x6d);
    }
    const netbios = tgtOf(lab, { addresses: [{ addrType: 20, address: Buffer.from('HOST') }] });
    expect(lab.kdc.handle(tgsRequest(lab, netbios), { address: '10.0.0.2', transport: 'tcp' })?.[0]).toBe(
      0x6d,
    );
  });
});

describe('the authenticator', () => {
  it('must be sealed in the session key', () => {
    const lab = createLab();
    const [tgt, other] = [tgtOf(lab), tgtOf(lab)];
    expect(refused(lab, tgt, { ticket: other.ticketBytes })).toBe(KRB_AP_ERR_BAD_INTEGRITY);
  });

  it('must name the client of the ticket', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    expect(refused(lab, tgt, { authenticator: { cname: nameOf('mallory') } })).toBe(KRB_AP_ERR_BADMATCH);
    expect(refused(lab, tgt, { authenticator: { crealm: 'ELSEWHERE' } })).toBe(KRB_AP_ERR_BADMATCH);
  });

  it('must be made within the clock skew', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    for (const offset of [301, -301]) {
      expect(refused(lab, tgt, { authenticator: { ctime: fromNow(lab, offset) } })).toBe(KRB_AP_ERR_SKEW);
    }
    expect(grantedByTgs(lab, tgt, {}, { authenticator: { ctime: fromNow(lab, 300) } }).part).toBeDefined();
  });

  it('must have a checksum that is keyed and collision-proof', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    expect(refused(lab, tgt, { cksum: () => undefined })).toBe(KRB_AP_ERR_INAPP_CKSUM);
    for (const cksumtype of [1, 7, 14]) {
      expect(refused(lab, tgt, { cksum: sum => ({ ...sum, cksumtype }) })).toBe(KRB_AP_ERR_INAPP_CKSUM);
    }
    expect(refused(lab, tgt, { cksum: sum => ({ ...sum, cksumtype: 999 }) })).toBe(KDC_ERR_SUMTYPE_NOSUPP);
  });

  it('may lack the checksum where the realm says so, but not have a wrong one', () => {
    const lab = createLab({ acceptsUnsignedRequests: true });
    const tgt = tgtOf(lab);
    expect(grantedByTgs(lab, tgt, {}, { cksum: () => undefined }).part).toBeDefined();
    const signedBody = KdcReqBody.encode(bodyOf(lab, { sname: nameOf('host/other') }));
    expect(refused(lab, tgt, { signedBody })).toBe(KRB_AP_ERR_MODIFIED);
  });

  it('must be made for this very body', () => {
    const lab = createLab();
    const signedBody = KdcReqBody.encode(bodyOf(lab, { sname: nameOf('host/other') }));
    expect(refused(lab, tgtOf(lab), { signedBody })).toBe(KRB_AP_ERR_MODIFIED);
  });

  it('must have a subkey that can be used, if any', () => {
    const lab = createLab();
    const subkey = { keytype: 99, keyvalue: new Uint8Array(16) };
    expect(refused(lab, tgtOf(lab), { authenticator: { subkey } })).toBe(KDC_ERR_ETYPE_NOSUPP);
  });

  it('is good for one request', () => {
    const lab = createLab();
    const request = tgsRequest(lab, tgtOf(lab));
    const { padata = [], reqBody } = TgsReq.decode(request);
    lab.kdc.handle(request);
    // What is around the authenticator is not covered by it and may be changed by whoever replays it.
    const replayed = TgsReq.encode({
      padata: [...padata, { padataType: 999, padataValue: new Uint8Array(0) }],
      reqBody,
    });
    expect(refusalOf(lab, replayed).errorCode).toBe(KRB_AP_ERR_REPEAT);
  });

  it('may be sent again with the same request, which gets the same reply', () => {
    const lab = createLab();
    const request = tgsRequest(lab, tgtOf(lab));
    const first = lab.kdc.handle(request);
    lab.advance(100);
    expect(lab.kdc.handle(Uint8Array.from(request))).toEqual(first);
    lab.advance(100);
    expect(refusalOf(lab, request).errorCode).toBe(KRB_AP_ERR_REPEAT);
  });
});
