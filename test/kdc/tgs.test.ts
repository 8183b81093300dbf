import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import {
  KDC_ERR_BADOPTION,
  KDC_ERR_CANNOT_POSTDATE,
  KDC_ERR_CLIENT_REVOKED,
  KDC_ERR_ETYPE_NOSUPP,
  KDC_ERR_MUST_USE_USER2USER,
  KDC_ERR_NAME_EXP,
  KDC_ERR_NEVER_VALID,
  KDC_ERR_POLICY,
  KDC_ERR_S_PRINCIPAL_UNKNOWN,
  KDC_ERR_SERVER_NOMATCH,
  KDC_ERR_SERVICE_EXP,
  KDC_ERR_SERVICE_REVOKED,
  KDC_ERR_TGT_REVOKED,
  KRB_AP_ERR_NOT_US,
  KRB_AP_ERR_TKT_EXPIRED,
  KRB_AP_ERR_TKT_NYV,
} from '../../src/messages/error-codes.ts';
import {
  ALLOW_POSTDATE,
  CNAME_IN_ADDL_TKT,
  FORWARDABLE,
  FORWARDED,
  INITIAL,
  INVALID,
  MAY_POSTDATE,
  OK_AS_DELEGATE,
  POSTDATED,
  PRE_AUTHENT,
  PROXIABLE,
  PROXY,
  RENEW,
  RENEWABLE,
  RENEWABLE_OK,
  REQUEST_ANONYMOUS,
  TRANSITED_POLICY_CHECKED,
  VALIDATE,
} from '../../src/messages/flags.ts';
import {
  addPrincipal,
  createLab,
  DAY,
  forgedTicket,
  fromNow,
  grantedByTgs,
  HOUR,
  nameOf,
  principal,
  REALM,
  refusalOf,
  tgsRequest,
  tgtOf,
} from './support.ts';

const TGS = nameOf(`krbtgt/${REALM}`);
const HOME = [{ addrType: 2, address: Uint8Array.of(127, 0, 0, 1) }];

describe('a TGS-REP', () => {
  it('brings a ticket for a service to who has a ticket-granting ticket', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    lab.advance(HOUR);
    const { reply, part, ticket } = grantedByTgs(lab, tgt, { nonce: 4712 });
    expect(reply).toMatchObject({ crealm: REALM, cname: nameOf('alice') });
    expect(part).toMatchObject({
      nonce: 4712,
      srealm: REALM,
      sname: nameOf('host/server'),
      authtime: tgt.part.authtime,
      starttime: lab.now(),
      endtime: tgt.part.endtime,
      flags: PRE_AUTHENT | TRANSITED_POLICY_CHECKED,
    });
    expect(ticket).toMatchObject({
      crealm: REALM,
      cname: nameOf('alice'),
      key: part.key,
      transited: tgt.ticket.transited,
    });
    expect(part.key).not.toEqual(tgt.part.key);
  });

  it('is sealed in the subkey where there is one', () => {
    const lab = createLab();
    const { part } = grantedByTgs(lab, tgtOf(lab), {}, { subkey: randomKey(19) });
    expect(part.sname).toEqual(nameOf('host/server'));
  });

  it('has a session key of what request and service have in common', () => {
    const lab = createLab();
    addPrincipal(lab, 'host/server', {}, [20, 17]);
    expect(grantedByTgs(lab, tgtOf(lab), { etype: [18, 17, 20] }).part.key.keytype).toBe(17);
    expect(refusalOf(lab, tgsRequest(lab, tgtOf(lab), { etype: [18] })).errorCode).toBe(KDC_ERR_ETYPE_NOSUPP);
  });

  it('is bounded by what the service allows', () => {
    const lab = createLab();
    addPrincipal(lab, 'host/server', { maxLife: HOUR, disallowForwardable: true, okAsDelegate: true });
    const { part } = grantedByTgs(lab, tgtOf(lab, { kdcOptions: FORWARDABLE }), { kdcOptions: FORWARDABLE });
    expect(part.endtime).toEqual(fromNow(lab, HOUR));
    expect(part.flags & FORWARDABLE).toBe(0);
    expect(part.flags & OK_AS_DELEGATE).toBeTruthy();
  });

  it('is renewable no longer than its ticket-granting ticket', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: RENEWABLE, rtime: fromNow(lab, 3 * DAY) });
    expect(grantedByTgs(lab, tgt, { kdcOptions: RENEWABLE }).part.renewTill).toEqual(fromNow(lab, 3 * DAY));
    const long = { kdcOptions: RENEWABLE_OK, till: fromNow(lab, 2 * DAY) };
    expect(grantedByTgs(lab, tgt, long).part.renewTill).toEqual(fromNow(lab, 2 * DAY));
    addPrincipal(lab, 'host/server', { disallowRenewable: true });
    expect(grantedByTgs(lab, tgt, { kdcOptions: RENEWABLE }).part.renewTill).toBeUndefined();
    expect(grantedByTgs(lab, tgtOf(lab), long).part.renewTill).toBeUndefined();
  });
});

describe('forwarding and proxies', () => {
  it('bind the new ticket to the addresses given, or to none', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: FORWARDABLE | PROXIABLE, addresses: HOME });
    const forwarded = grantedByTgs(lab, tgt, { kdcOptions: FORWARDED | FORWARDABLE, sname: TGS });
    expect(forwarded.part.flags & (FORWARDED | FORWARDABLE)).toBe(FORWARDED | FORWARDABLE);
    expect(forwarded.ticket.caddr).toBeUndefined();
    const proxy = grantedByTgs(lab, tgt, { kdcOptions: PROXY, addresses: HOME });
    expect(proxy.part.flags & PROXY).toBeTruthy();
    expect(proxy.ticket.caddr).toEqual(HOME);
  });

  it('show in the tickets that rest on a forwarded one', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: FORWARDABLE });
    const forwarded = grantedByTgs(lab, tgt, { kdcOptions: FORWARDED, sname: TGS });
    expect(grantedByTgs(lab, forwarded).part.flags & FORWARDED).toBeTruthy();
  });

  it('leave the addresses alone where they are not asked for', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { addresses: HOME });
    expect(
      grantedByTgs(lab, tgt, { addresses: [{ addrType: 2, address: Uint8Array.of(9, 9, 9, 9) }] }).ticket
        .caddr,
    ).toEqual(HOME);
  });

  it.each([
    ['FORWARDED', FORWARDED],
    ['PROXY', PROXY],
    ['ALLOW-POSTDATE', ALLOW_POSTDATE],
    ['POSTDATED', POSTDATED],
    ['RENEW', RENEW],
    ['VALIDATE', VALIDATE],
    ['CNAME-IN-ADDL-TKT', CNAME_IN_ADDL_TKT],
    ['REQUEST-ANONYMOUS', REQUEST_ANONYMOUS],
  ])('and the like are refused where the ticket does not allow them: %s', (_, kdcOptions) => {
    const lab = createLab();
    const sname = kdcOptions & (RENEW | VALIDATE) ? TGS : nameOf('host/server');
    expect(refusalOf(lab, tgsRequest(lab, tgtOf(lab), { kdcOptions, sname })).errorCode).toBe(
      KDC_ERR_BADOPTION,
    );
  });

  it('leave out flags that the presented ticket does not have, which some clients always ask for', () => {
    const lab = createLab();
    const kdcOptions = FORWARDABLE | PROXIABLE | RENEWABLE;
    const { part } = grantedByTgs(lab, tgtOf(lab), { kdcOptions });
    expect(part.flags).toBe(PRE_AUTHENT | TRANSITED_POLICY_CHECKED);
    expect(part.renewTill).toBeUndefined();
  });

  it('bind no ticket to an empty list of addresses', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: FORWARDABLE, addresses: [] });
    expect(tgt.ticket.caddr).toBeUndefined();
    const forwarded = grantedByTgs(lab, tgt, { kdcOptions: FORWARDED, sname: TGS, addresses: [] });
    expect(forwarded.ticket.caddr).toBeUndefined();
  });

  it('make no proxy of a ticket-granting ticket', () => {
    const lab = createLab();
    const request = tgsRequest(lab, tgtOf(lab, { kdcOptions: PROXIABLE }), { kdcOptions: PROXY, sname: TGS });
    expect(refusalOf(lab, request).errorCode).toBe(KDC_ERR_BADOPTION);
  });

  it('pass over options that nobody has defined', () => {
    const lab = createLab();
    expect(grantedByTgs(lab, tgtOf(lab), { kdcOptions: 0x00000fc0 }).part.sname).toEqual(
      nameOf('host/server'),
    );
  });
});

describe('renewal', () => {
  it('lets a ticket live as long again, within its renewable life', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: RENEWABLE | FORWARDABLE, rtime: fromNow(lab, 14 * HOUR) });
    const until = fromNow(lab, 14 * HOUR);
    lab.advance(3 * HOUR);
    const again = grantedByTgs(lab, tgt, { kdcOptions: RENEW, sname: TGS, till: new Date(0) });
    expect(again.part).toMatchObject({
      authtime: tgt.part.authtime,
      starttime: lab.now(),
      endtime: fromNow(lab, 10 * HOUR),
      renewTill: until,
      flags: RENEWABLE | FORWARDABLE | INITIAL | PRE_AUTHENT,
    });
    lab.advance(9 * HOUR);
    const last = grantedByTgs(lab, again, { kdcOptions: RENEW, sname: TGS });
    expect(last.part.endtime).toEqual(until);
  });

  it('is refused for an expired ticket, or after the renewable life', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: RENEWABLE });
    const outlived = { ...tgt, ticketBytes: forgedTicket(lab, tgt, { renewTill: fromNow(lab, HOUR) }) };
    lab.advance(HOUR);
    const renew = { kdcOptions: RENEW, sname: TGS };
    expect(refusalOf(lab, tgsRequest(lab, outlived, renew)).errorCode).toBe(KRB_AP_ERR_TKT_EXPIRED);
    lab.advance(9 * HOUR);
    expect(refusalOf(lab, tgsRequest(lab, tgt, renew)).errorCode).toBe(KRB_AP_ERR_TKT_EXPIRED);
  });

  it('is of the same service', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: RENEWABLE });
    expect(refusalOf(lab, tgsRequest(lab, tgt, { kdcOptions: RENEW })).errorCode).toBe(
      KDC_ERR_SERVER_NOMATCH,
    );
    const service = grantedByTgs(lab, tgt, { kdcOptions: RENEWABLE });
    expect(grantedByTgs(lab, service, { kdcOptions: RENEW }).part.sname).toEqual(nameOf('host/server'));
  });
});

describe('postdating', () => {
  const postdate = ALLOW_POSTDATE | POSTDATED;

  it('makes a ticket that is validated when its time has come', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: postdate, from: fromNow(lab, HOUR), till: fromNow(lab, DAY) });
    const validate = { kdcOptions: VALIDATE, sname: TGS };
    expect(refusalOf(lab, tgsRequest(lab, tgt, validate)).errorCode).toBe(KRB_AP_ERR_TKT_NYV);
    lab.advance(HOUR - 1);
    expect(refusalOf(lab, tgsRequest(lab, tgt, validate)).errorCode).toBe(KRB_AP_ERR_TKT_NYV);
    lab.advance(1);
    expect(refusalOf(lab, tgsRequest(lab, tgt)).errorCode).toBe(KRB_AP_ERR_TKT_NYV);
    const valid = grantedByTgs(lab, tgt, validate);
    expect(valid.part.flags).toBe((tgt.part.flags & ~INVALID) >>> 0);
    expect(valid.part).toMatchObject({ starttime: tgt.part.starttime, endtime: tgt.part.endtime });
    expect(grantedByTgs(lab, valid).part.sname).toEqual(nameOf('host/server'));
  });

  it('goes from a ticket that may be postdated to others', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: ALLOW_POSTDATE });
    const from = fromNow(lab, HOUR);
    const { part } = grantedByTgs(lab, tgt, { kdcOptions: postdate, from });
    expect(part.starttime).toEqual(from);
    expect(part.flags & (POSTDATED | INVALID | MAY_POSTDATE)).toBe(POSTDATED | INVALID | MAY_POSTDATE);
    expect(refusalOf(lab, tgsRequest(lab, tgt, { from })).errorCode).toBe(KDC_ERR_CANNOT_POSTDATE);
    addPrincipal(lab, 'host/server', { disallowPostdated: true });
    expect(refusalOf(lab, tgsRequest(lab, tgt, { kdcOptions: POSTDATED, from })).errorCode).toBe(
      KDC_ERR_CANNOT_POSTDATE,
    );
  });
});

describe('a TGS-REQ is refused', () => {
  it.each([
    ['without a service', { sname: undefined }, KDC_ERR_S_PRINCIPAL_UNKNOWN],
    ['for an unknown service', { sname: nameOf('host/nowhere') }, KDC_ERR_S_PRINCIPAL_UNKNOWN],
    ['for an unknown realm', { sname: nameOf('krbtgt/ELSEWHERE') }, KDC_ERR_S_PRINCIPAL_UNKNOWN],
    ['for a ticket that would be over', { till: new Date(1000) }, KDC_ERR_NEVER_VALID],
  ])('%s', (_, overrides, code) => {
    const lab = createLab();
    expect(refusalOf(lab, tgsRequest(lab, tgtOf(lab), overrides)).errorCode).toBe(code);
  });

  it.each([
    ['for a locked service', 'host/server', { locked: true }, KDC_ERR_SERVICE_REVOKED],
    [
      'for a service whose account has ended',
      'host/server',
      { expiration: new Date(0) },
      KDC_ERR_SERVICE_EXP,
    ],
    [
      'for a service of user-to-user alone',
      'host/server',
      { disallowServer: true },
      KDC_ERR_MUST_USE_USER2USER,
    ],
    ['for a service of the AS exchange alone', 'host/server', { disallowTgsBased: true }, KDC_ERR_POLICY],
    ['from a client who was locked out since', 'alice', { locked: true }, KDC_ERR_CLIENT_REVOKED],
    ['from a client whose account has ended since', 'alice', { expiration: new Date(0) }, KDC_ERR_NAME_EXP],
  ])('%s', (_, name, policy, code) => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    addPrincipal(lab, name, policy);
    const error = refusalOf(lab, tgsRequest(lab, tgt));
    expect(error).toMatchObject({ errorCode: code, cname: nameOf('alice'), sname: nameOf('host/server') });
  });

  it('with the ticket of who had the name before', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    lab.advance(60);
    lab.database.remove(principal('alice'));
    addPrincipal(lab, 'alice');
    expect(refusalOf(lab, tgsRequest(lab, tgt)).errorCode).toBe(KDC_ERR_TGT_REVOKED);
    expect(grantedByTgs(lab, tgtOf(lab)).reply.cname).toEqual(nameOf('alice'));
  });

  it('with a service ticket, but for its own renewal and validation', () => {
    const lab = createLab();
    const service = grantedByTgs(lab, tgtOf(lab));
    expect(refusalOf(lab, tgsRequest(lab, service)).errorCode).toBe(KRB_AP_ERR_NOT_US);
    expect(refusalOf(lab, tgsRequest(lab, service, { sname: TGS })).errorCode).toBe(KRB_AP_ERR_NOT_US);
  });

  it('with the ticket-granting ticket of another realm that is served here', () => {
    const lab = createLab();
    lab.database.addRealm('OTHER.TEST');
    lab.database.add({ nameType: 1, components: ['x'], realm: 'OTHER.TEST' }, { random: true });
    const request = tgsRequest(lab, tgtOf(lab), { realm: 'OTHER.TEST', sname: nameOf('x') });
    expect(refusalOf(lab, request).errorCode).toBe(KRB_AP_ERR_NOT_US);
  });
});
