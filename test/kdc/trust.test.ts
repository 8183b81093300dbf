import { beforeEach, describe, expect, it } from 'vitest';
import { bytesToText } from '../../src/codec/text.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import { addTrust } from '../../src/kdc/trust.ts';
import {
  KDC_ERR_POLICY,
  KDC_ERR_S_PRINCIPAL_UNKNOWN,
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_NOT_US,
} from '../../src/messages/error-codes.ts';
import {
  CANONICALIZE,
  DISABLE_TRANSITED_CHECK,
  ENC_TKT_IN_SKEY,
  RENEW,
  RENEWABLE,
  TRANSITED_POLICY_CHECKED,
} from '../../src/messages/flags.ts';
import { parsePrincipal, tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import type { EncTicketPart } from '../../src/messages/ticket.ts';
import {
  addPrincipal,
  createLab,
  foreignTgt,
  fromNow,
  type Granted,
  grantedByTgs,
  HOUR,
  type Lab,
  nameOf,
  REALM,
  refusalOf,
  tgsRequest,
  tgtOf,
} from './support.ts';

const B = 'B.TEST';
const C = 'C.TEST';

let lab: Lab;
let shared: Key;

beforeEach(() => {
  lab = createLab({
    domainRealms: { '.b.test': B, 'one.host.test': C },
    capaths: { [C]: { [REALM]: [B] }, [REALM]: { [C]: [B] } },
  });
  shared = randomKey(18);
  addTrust(lab.database, REALM, { realm: B, keys: [shared] });
});

function tgtFrom(changes: Partial<EncTicketPart> = {}, key = shared, issuer = B): Granted {
  return foreignTgt(lab, key, { issuer, crealm: B, ...changes });
}

const refused = (tgt: Granted, asked = {}): number => refusalOf(lab, tgsRequest(lab, tgt, asked)).errorCode;

describe('a client of a trusted realm', () => {
  it('gets a ticket, whose way has been checked', () => {
    const { ticket } = grantedByTgs(lab, tgtFrom());
    expect(ticket).toMatchObject({ crealm: B, cname: nameOf('bob'), transited: { trType: 1 } });
    expect(ticket.transited.contents).toHaveLength(0);
    expect(ticket.flags & TRANSITED_POLICY_CHECKED).toBeTruthy();
  });

  it('may come from beyond, by a way that is known', () => {
    const { ticket } = grantedByTgs(lab, tgtFrom({ crealm: C }));
    expect(bytesToText(ticket.transited.contents)).toBe(B);
    expect(refused(tgtFrom({ crealm: 'D.TEST' }))).toBe(KDC_ERR_POLICY);
    // Nobody else would check it.
    expect(refused(tgtFrom({ crealm: C }), { kdcOptions: DISABLE_TRANSITED_CHECK })).toBe(KDC_ERR_POLICY);
  });

  it('is none of our own', () => {
    expect(refused(tgtFrom({ crealm: REALM, cname: nameOf('alice') }))).toBe(KDC_ERR_POLICY);
    expect(refused(tgtFrom({ crealm: REALM, cname: nameOf('nobody') }))).toBe(KDC_ERR_POLICY);
  });

  it('is vouched for by the key of the trust alone', () => {
    expect(refused(tgtFrom({}, randomKey(18)))).toBe(KRB_AP_ERR_BAD_INTEGRITY);
    expect(refused(tgtFrom({}, shared, C))).toBe(KRB_AP_ERR_NOT_US);
    addTrust(lab.database, REALM, { realm: C, keys: [shared], direction: 'outgoing' });
    expect(refused(tgtFrom({}, shared, C))).toBe(KRB_AP_ERR_NOT_US);
  });

  it('cannot have a ticket of this realm shared with another user', () => {
    const additionalTickets = [tgtFrom().ticketBytes];
    const asked = { kdcOptions: ENC_TKT_IN_SKEY, sname: nameOf('alice'), additionalTickets };
    expect(refused(tgtOf(lab), asked)).toBe(KDC_ERR_POLICY);
  });

  it('of a realm that is served here as well must be known there', () => {
    lab.database.addRealm(C);
    lab.database.add(parsePrincipal(`carol@${C}`), { random: true });
    addTrust(lab.database, C, { realm: REALM, keys: [shared] });
    expect(grantedByTgs(lab, tgtFrom({ crealm: C, cname: nameOf('carol') }, shared, C)).ticket.crealm).toBe(
      C,
    );
    const nobody = tgtFrom({ crealm: C, cname: nameOf('nobody') }, shared, C);
    expect(refusalOf(lab, tgsRequest(lab, nobody)).eText).toBe('CLIENT_NOT_FOUND');
  });
});

describe('our client', () => {
  const serviceKey = (): { serviceKey: Key } => ({ serviceKey: shared });

  function asks(name: string, kdcOptions = CANONICALIZE): string {
    const sname = { nameType: 3, nameString: name.split('/') };
    const { part } = grantedByTgs(lab, tgtOf(lab), { sname, kdcOptions }, serviceKey());
    return part.sname.nameString.join('/');
  }

  function unknown(name: string, kdcOptions: number, asked = {}): number {
    const sname = { nameType: 3, nameString: name.split('/') };
    return refused(tgtOf(lab), { sname, kdcOptions, ...asked });
  }

  it('gets a ticket-granting ticket of the other realm', () => {
    expect(asks(`krbtgt/${B}`, 0)).toBe(`krbtgt/${B}`);
  });

  it('is referred to the realm of the host, or to the one before it', () => {
    expect(asks('host/www.b.test')).toBe(`krbtgt/${B}`);
    expect(asks('HTTP/WWW.B.Test')).toBe(`krbtgt/${B}`);
    expect(asks('HTTP/one.host.test')).toBe(`krbtgt/${B}`);
    expect(asks(`krbtgt/${C}`, 0)).toBe(`krbtgt/${B}`);
  });

  it('is not, where it does not ask to be, or nobody knows where to, or the ticket would be of no use', () => {
    for (const [name, kdcOptions, asked] of [
      ['host/www.b.test', 0, {}],
      ['host/www.c.test', CANONICALIZE, {}],
      ['b.test', CANONICALIZE, {}],
      ['krbtgt/D.TEST', CANONICALIZE, {}],
      ['host/www.b.test', CANONICALIZE | ENC_TKT_IN_SKEY, { additionalTickets: [tgtOf(lab).ticketBytes] }],
    ] as const) {
      expect(unknown(name, kdcOptions, asked)).toBe(KDC_ERR_S_PRINCIPAL_UNKNOWN);
    }
  });

  it('gets nothing that the other realm issues', () => {
    const there = grantedByTgs(lab, tgtOf(lab), { sname: nameOf(`krbtgt/${B}`) }, serviceKey());
    const asked = { realm: B, sname: nameOf(`krbtgt/${REALM}`) };
    expect(refused(there, asked)).toBe(KRB_AP_ERR_NOT_US);
    const theirs = tgtFrom({
      flags: RENEWABLE,
      renewTill: fromNow(lab, HOUR),
    });
    expect(refused(theirs, { ...asked, kdcOptions: RENEW })).toBe(KRB_AP_ERR_NOT_US);
  });
});

describe('two realms of one KDC', () => {
  it('share random keys', () => {
    lab.database.addRealm(C);
    addTrust(lab.database, REALM, { realm: C });
    const there = tgsPrincipal(C, REALM);
    const key = lab.database.find(there.components, REALM)!.keys[0]!.key(18)!;
    const tgt = grantedByTgs(lab, tgtOf(lab), { sname: toPrincipalName(there) }, { serviceKey: key });
    lab.database.add(parsePrincipal(`host/c@${C}`), { random: true, enctypes: [18] });
    const host = lab.database.find(['host', 'c'], C)!.keys[0]!.key(18)!;
    const asked = { realm: C, sname: nameOf('host/c') };
    const { ticket, part } = grantedByTgs(lab, tgt, asked, { serviceKey: host });
    expect([ticket.crealm, part.srealm]).toEqual([REALM, C]);
  });

  it('keep others out', () => {
    expect(() => lab.database.add(parsePrincipal(`mallory@${B}`), { random: true })).toThrow(TypeError);
    expect(() => addTrust(lab.database, 'D.TEST', { realm: B })).toThrow(TypeError);
    addPrincipal(lab, 'alice');
    expect(lab.database.realm(B)).toBeUndefined();
  });
});
