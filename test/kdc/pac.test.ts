import { describe, expect, it } from 'vitest';
import { findPac, verifyPac } from '../../src/ap/pac.ts';
import { makeChecksum } from '../../src/crypto/checksum.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { HMAC_MD5 } from '../../src/crypto/rc4.ts';
import { AD_WIN2K_PAC } from '../../src/messages/authorization.ts';
import { KDC_ERR_BADOPTION, KRB_AP_ERR_MODIFIED } from '../../src/messages/error-codes.ts';
import { CNAME_IN_ADDL_TKT, FORWARDABLE, PROXIABLE, RENEW, RENEWABLE } from '../../src/messages/flags.ts';
import { TgsRep } from '../../src/messages/kdc-rep.ts';
import { TgsReq } from '../../src/messages/kdc-req.ts';
import { PA_PAC_REQUEST } from '../../src/messages/numbers.ts';
import {
  decodePac,
  PAC_FULL_CHECKSUM,
  PAC_LOGON_INFO,
  PAC_TICKET_CHECKSUM,
  type Pac,
} from '../../src/messages/pac.ts';
import { PaPacRequest } from '../../src/messages/preauth-data.ts';
import { tgsPrincipal, toPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import {
  forUserChecksumInput,
  KU_PA_FOR_USER_CKSUM,
  PA_FOR_USER,
  PaForUser,
} from '../../src/messages/s4u.ts';
import { toKey, unseal } from '../../src/messages/seal.ts';
import { EncTicketPart, Ticket } from '../../src/messages/ticket.ts';
import { AuthorizationData } from '../../src/messages/types.ts';
import {
  addPrincipal,
  asRequest,
  createLab,
  DAY,
  forgedTicket,
  fromNow,
  type Granted,
  grantedByAs,
  grantedByTgs,
  keyOf,
  type Lab,
  nameOf,
  principal,
  REALM,
  refusalOf,
  tgsRequest,
  tgtOf,
  timestamp,
} from './support.ts';

const DOMAIN = { sid: 'S-1-5-21-1-2-3', name: 'LAB', server: 'KDC' };
const TGS = `krbtgt/${REALM}`;

function bytesIn({ ticket }: Granted): Uint8Array | undefined {
  return findPac(ticket.authorizationData ?? []);
}

/** The PAC of a ticket, verified with the service's key and the KDC's. */
function pacOf(lab: Lab, granted: Granted, service: string): Pac | undefined {
  const bytes = bytesIn(granted);
  if (bytes === undefined) return undefined;
  const { cname, crealm, authtime } = granted.ticket;
  const client = toPrincipal(cname, crealm);
  return verifyPac(bytes, { key: keyOf(lab, service), kdcKey: keyOf(lab, TGS), client, authtime });
}

function typesIn(granted: Granted): readonly number[] {
  return decodePac(bytesIn(granted)!).buffers.map(({ type }) => type);
}

function withRequest(lab: Lab, includePac: boolean): Granted {
  const wish = { padataType: PA_PAC_REQUEST, padataValue: PaPacRequest.encode({ includePac }) };
  return grantedByAs(lab, asRequest(lab, {}, [timestamp(lab), wish]));
}

function domainLab(): Lab {
  const lab = createLab({ domain: DOMAIN });
  addPrincipal(lab, 'alice', { account: { rid: 1105, groups: [1200], upn: 'alice@lab.example' } });
  return lab;
}

/** The ticket with one octet of its PAC changed, as who has its key could change it. */
function withChangedPac(lab: Lab, granted: Granted, at: number): Uint8Array {
  const bytes = Uint8Array.from(bytesIn(granted)!);
  bytes[at]! ^= 1;
  return withPac(lab, granted, bytes);
}

function withPac(lab: Lab, granted: Granted, adData: Uint8Array): Uint8Array {
  return forgedTicket(lab, granted, { authorizationData: [{ adType: AD_WIN2K_PAC, adData }] });
}

/** The PAC with the service's signature made anew, as the service itself can. */
function resigned(lab: Lab, pac: Uint8Array): Uint8Array {
  const { buffers } = decodePac(pac);
  const [server, kdc] = [6, 7].map(wanted => buffers.find(({ type }) => type === wanted)!);
  const blank = Uint8Array.from(pac);
  for (const { offset, data } of [server!, kdc!]) blank.fill(0, offset + 4, offset + data.length);
  const signed = Uint8Array.from(pac);
  signed.set(makeChecksum(keyOf(lab, 'host/server'), 17, blank).checksum, server!.offset + 4);
  return signed;
}

describe('the PAC of a ticket', () => {
  it('names the client, signed for the service and by the KDC', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    expect(pacOf(lab, tgt, TGS)?.clientInfo).toEqual({ name: 'alice', authtime: lab.now() });
    lab.advance(60);
    const service = grantedByTgs(lab, tgt);
    const { authtime } = tgt.ticket;
    expect(pacOf(lab, service, 'host/server')?.clientInfo).toEqual({ name: 'alice', authtime });
    // Only what a service could change is signed as a whole.
    expect(typesIn(tgt)).toEqual([10, 6, 7]);
    expect(typesIn(service)).toEqual([10, 16, 19, 6, 7]);
  });

  it('comes first, and once', () => {
    const lab = createLab();
    const own = { adType: -6, adData: Uint8Array.of(1) };
    const tgt = tgtOf(lab);
    const { authorizationData = [] } = grantedByTgs(lab, {
      ...tgt,
      ticketBytes: forgedTicket(lab, tgt, {
        authorizationData: [...tgt.ticket.authorizationData!, own],
      }),
    }).ticket;
    expect(authorizationData.map(({ adType }) => adType)).toEqual([1, -6]);
    expect(AuthorizationData.decode(authorizationData[0]!.adData)).toMatchObject([{ adType: AD_WIN2K_PAC }]);
  });

  it('is left out where the client, the realm or the service wants none, and for the anonymous', () => {
    const lab = createLab();
    addPrincipal(lab, 'nfs/server', { noPac: true });
    const without = withRequest(lab, false);
    expect(bytesIn(without)).toBeUndefined();
    expect(bytesIn(grantedByTgs(lab, without))).toBeUndefined();
    const tgt = withRequest(lab, true);
    expect(bytesIn(tgt)).toBeDefined();
    expect(bytesIn(grantedByTgs(lab, tgt, { sname: nameOf('nfs/server') }))).toBeUndefined();
    lab.database.addRealm(REALM, { pac: false });
    expect(bytesIn(grantedByTgs(lab, tgt))).toBeUndefined();
    expect(bytesIn(tgtOf(lab))).toBeUndefined();
  });

  it('is in tickets that the AS exchange gives for a service, too', () => {
    const lab = createLab();
    const service = tgtOf(lab, { sname: nameOf('host/server') });
    expect(pacOf(lab, service, 'host/server')?.clientInfo?.name).toBe('alice');
    expect(typesIn(service)).toContain(PAC_TICKET_CHECKSUM);
  });

  it('says who the client is in the realm’s domain', () => {
    const lab = domainLab();
    const tgt = tgtOf(lab);
    const service = grantedByTgs(lab, tgt);
    const { logonInfo, upnDnsInfo, requestor, attributes } = pacOf(lab, tgt, TGS)!;
    expect(logonInfo).toMatchObject({
      effectiveName: 'alice',
      logonDomainName: 'LAB',
      logonServer: 'KDC',
      userSid: 'S-1-5-21-1-2-3-1105',
      primaryGroupId: 513,
      logonTime: lab.now(),
      kickOffTime: undefined,
    });
    expect(logonInfo?.groups.map(({ sid }) => sid)).toEqual([
      'S-1-5-21-1-2-3-513',
      'S-1-5-21-1-2-3-1200',
      'S-1-18-1',
    ]);
    expect(upnDnsInfo).toEqual({
      upn: 'alice@lab.example',
      dnsDomainName: REALM,
      constructed: false,
      samName: 'alice',
      sid: 'S-1-5-21-1-2-3-1105',
    });
    expect({ requestor, attributes }).toEqual({
      requestor: 'S-1-5-21-1-2-3-1105',
      attributes: { requested: false, implicit: true },
    });
    expect(pacOf(lab, withRequest(lab, true), TGS)?.attributes).toEqual({ requested: true, implicit: false });
    // Those two are between the KDC and itself.
    const handedDown = pacOf(lab, service, 'host/server')!;
    expect(handedDown).toMatchObject({ logonInfo, upnDnsInfo });
    expect(handedDown.requestor ?? handedDown.attributes).toBeUndefined();
  });

  it('says the same of a client that has asked by an alias', () => {
    const lab = createLab({ domain: DOMAIN });
    addPrincipal(lab, 'alice', { account: { rid: 1105 }, aliases: ['administrator'] });
    const request = asRequest(lab, { cname: nameOf('administrator') }, [timestamp(lab, 'alice')]);
    const pac = pacOf(lab, grantedByAs(lab, request), TGS);
    expect(pac?.clientInfo?.name).toBe('administrator');
    expect(pac?.logonInfo?.effectiveName).toBe('alice');
    expect(pac?.upnDnsInfo).toMatchObject({ samName: 'alice', upn: 'alice@lab.test' });
  });

  it('stays in what is renewed, also in a service’s ticket', () => {
    const lab = domainLab();
    const wish = { kdcOptions: RENEWABLE, rtime: fromNow(lab, 3 * DAY) };
    const tgt = tgtOf(lab, wish);
    const service = tgtOf(lab, { ...wish, sname: nameOf('host/server') });
    lab.advance(3600);
    const again = (ticket: Granted, name: string): Granted =>
      grantedByTgs(lab, ticket, { kdcOptions: RENEW, sname: nameOf(name) });
    expect(typesIn(again(tgt, TGS))).toEqual(typesIn(tgt));
    const renewed = again(service, 'host/server');
    expect(pacOf(lab, renewed, 'host/server')?.logonInfo).toEqual(decodePac(bytesIn(service)!).logonInfo);
  });

  it.each([18, 17, 19, 20, 26, 25, 23])('is signed in enctype %i', etype => {
    const lab = createLab();
    addPrincipal(lab, 'host/server', {}, [etype]);
    const service = grantedByTgs(lab, tgtOf(lab), { etype: [etype] });
    const { cname, crealm, authtime } = service.ticket;
    const options = { key: keyOf(lab, 'host/server', etype), client: toPrincipal(cname, crealm), authtime };
    expect(verifyPac(bytesIn(service)!, options).clientInfo?.name).toBe('alice');
  });
});

describe('a forged PAC', () => {
  it('of a ticket-granting ticket is refused, whichever octet is changed', () => {
    const lab = domainLab();
    const tgt = tgtOf(lab);
    const { length } = bytesIn(tgt)!;
    const buffers = decodePac(bytesIn(tgt)!).buffers;
    const unread = buffers.find(({ type }) => type === 7)!.offset;
    for (let at = 0; at < length; at += 7) {
      // What the KDC signs for services it does not read itself.
      if (at >= unread) continue;
      const ticket = withChangedPac(lab, tgt, at);
      const { errorCode } = refusalOf(lab, tgsRequest(lab, tgt, {}, { ticket }));
      expect(errorCode).toBe(KRB_AP_ERR_MODIFIED);
    }
  });

  it('is refused where it is another client’s, or of another time', () => {
    const lab = createLab();
    addPrincipal(lab, 'bob');
    const tgt = tgtOf(lab);
    const bobs = tgtOf(lab, { cname: nameOf('bob') });
    for (const other of [bobs, tgt]) {
      if (other === tgt) lab.advance(60);
      const later = other === tgt ? tgtOf(lab) : other;
      const ticket = withPac(lab, tgt, bytesIn(later)!);
      expect(refusalOf(lab, tgsRequest(lab, tgt, {}, { ticket })).errorCode).toBe(KRB_AP_ERR_MODIFIED);
    }
  });

  it('of a service’s own making is refused, and so is its ticket with other fields', () => {
    const lab = domainLab();
    const wish = { kdcOptions: RENEWABLE, rtime: fromNow(lab, 3 * DAY), sname: nameOf('host/server') };
    const service = tgtOf(lab, wish);
    const renew = { kdcOptions: RENEW, sname: nameOf('host/server') };
    const refused = (ticket: Uint8Array): number =>
      refusalOf(lab, tgsRequest(lab, service, renew, { ticket })).errorCode;
    // The service can sign for itself, but for the KDC it cannot.
    const flags = (service.ticket.flags | PROXIABLE) >>> 0;
    expect(refused(forgedTicket(lab, service, { flags }))).toBe(KRB_AP_ERR_MODIFIED);
    const { buffers } = decodePac(bytesIn(service)!);
    for (const type of [PAC_TICKET_CHECKSUM, PAC_FULL_CHECKSUM, 7]) {
      const { offset } = buffers.find(buffer => buffer.type === type)!;
      expect(refused(withChangedPac(lab, service, offset + 4))).toBe(KRB_AP_ERR_MODIFIED);
    }
    // Nor is what it says of the client's groups worth more when it has signed that.
    const own = Uint8Array.from(bytesIn(service)!);
    own[decodePac(own).buffers.find(({ type }) => type === PAC_LOGON_INFO)!.offset + 120]! ^= 1;
    expect(refused(withPac(lab, service, resigned(lab, own)))).toBe(KRB_AP_ERR_MODIFIED);
    expect(resigned(lab, bytesIn(service)!)).toEqual(Uint8Array.from(bytesIn(service)!));
    expect(grantedByTgs(lab, service, renew).ticket.cname).toEqual(nameOf('alice'));
  });

  it('made of junk is refused', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    for (const length of [0, 1, 8, 40]) {
      const ticket = withPac(lab, tgt, new Uint8Array(length).fill(1));
      expect(refusalOf(lab, tgsRequest(lab, tgt, {}, { ticket })).errorCode).toBe(KRB_AP_ERR_MODIFIED);
    }
  });
});

describe('the PAC', () => {
  it('of a ticket from before the KDC’s keys were changed is still good', () => {
    const lab = createLab();
    const wish = { kdcOptions: RENEWABLE, rtime: fromNow(lab, 3 * DAY), sname: nameOf('host/server') };
    const service = tgtOf(lab, wish);
    const tgt = tgtOf(lab);
    lab.database.addKeys(tgsPrincipal(REALM), { random: true });
    const renewed = grantedByTgs(lab, service, { kdcOptions: RENEW, sname: nameOf('host/server') });
    expect(pacOf(lab, renewed, 'host/server')?.clientInfo?.name).toBe('alice');
    expect(pacOf(lab, grantedByTgs(lab, tgt), 'host/server')?.clientInfo?.name).toBe('alice');
  });

  it('of another realm vouches for the name alone', () => {
    const lab = createLab({ domain: DOMAIN });
    const trust = { keys: [randomKey(18)] };
    lab.database.addRealm('FAR.TEST', { domain: { sid: 'S-1-5-21-7-8-9', name: 'FAR' } });
    lab.database.add(
      { ...principal('zoe'), realm: 'FAR.TEST' },
      { random: true },
      { account: { rid: 1111 } },
    );
    lab.database.add(tgsPrincipal(REALM, 'FAR.TEST'), trust);
    const far = { cname: nameOf('zoe'), realm: 'FAR.TEST' };
    const key = lab.database.find(['zoe'], 'FAR.TEST')!.keys[0]!.key(18)!;
    const request = asRequest(lab, { ...far, sname: nameOf(`krbtgt/${REALM}`) }, [
      timestamp(lab, 'zoe', { key }),
    ]);
    const trustKey = trust.keys[0]!;
    const tgt = grantedByAs(lab, request, key, trustKey);
    expect(typesIn(tgt)).toContain(1);
    const service = grantedByTgs(lab, tgt);
    expect(typesIn(service)).toEqual([10, 16, 19, 6, 7]);
    expect(decodePac(bytesIn(service)!).clientInfo?.name).toBe('zoe');
  });

  it('tells by whom the ticket was passed on, and is what makes evidence of a ticket', () => {
    const lab = domainLab();
    addPrincipal(lab, 'front/server', { delegatesTo: ['host/server'] });
    addPrincipal(lab, 'bob');
    const front = tgtOf(lab, { cname: nameOf('front/server') });
    const alice = tgtOf(lab, { kdcOptions: FORWARDABLE });
    const evidence = grantedByTgs(lab, alice, { kdcOptions: FORWARDABLE, sname: nameOf('front/server') });
    const wish = { kdcOptions: CNAME_IN_ADDL_TKT };
    const passedOn = grantedByTgs(lab, front, { ...wish, additionalTickets: [evidence.ticketBytes] });
    const pac = pacOf(lab, passedOn, 'host/server')!;
    expect(pac.clientInfo?.name).toBe('alice');
    expect(pac.logonInfo?.effectiveName).toBe('alice');
    expect(pac.delegationInfo).toEqual({
      proxyTarget: 'host/server',
      transitedServices: [`front/server@${REALM}`],
    });
    // The service has the key of the evidence, and could say that anybody was there.
    const bare = forgedTicket(lab, evidence, { cname: nameOf('bob'), authorizationData: undefined });
    const refused = tgsRequest(lab, front, { ...wish, additionalTickets: [bare] });
    expect(refusalOf(lab, refused).errorCode).toBe(KDC_ERR_BADOPTION);
    const flags = (evidence.ticket.flags | PROXIABLE) >>> 0;
    const changed = forgedTicket(lab, evidence, { flags });
    const again = tgsRequest(lab, front, { ...wish, additionalTickets: [changed] });
    expect(refusalOf(lab, again).errorCode).toBe(KRB_AP_ERR_MODIFIED);
  });

  it('of a user in whose name a service asks is the user’s', () => {
    const lab = domainLab();
    addPrincipal(lab, 'front/server');
    const front = tgtOf(lab, { cname: nameOf('front/server') });
    const key = toKey(front.part.key);
    const alice = principal('alice');
    const padataValue = PaForUser.encode({
      userName: toPrincipalName(alice),
      userRealm: REALM,
      cksum: makeChecksum(key, KU_PA_FOR_USER_CKSUM, forUserChecksumInput(alice, 'Kerberos'), HMAC_MD5),
      authPackage: 'Kerberos',
    });
    const forUser = { padataType: PA_FOR_USER, padataValue };
    const header = TgsReq.decode(tgsRequest(lab, front, { sname: nameOf('front/server') }));
    const request = TgsReq.encode({ ...header, padata: [...header.padata!, forUser] });
    const reply = TgsRep.decode(lab.kdc.handle(request)!);
    const ticket = unseal(EncTicketPart, Ticket.decode(reply.ticket).encPart, keyOf(lab, 'front/server'), 2);
    const pac = verifyPac(findPac(ticket.authorizationData!)!, {
      key: keyOf(lab, 'front/server'),
      client: alice,
      authtime: ticket.authtime,
    });
    expect(pac.logonInfo?.effectiveName).toBe('alice');
    expect(pac.logonInfo?.groups.map(({ sid }) => sid)).toContain('S-1-18-2');
  });
});
