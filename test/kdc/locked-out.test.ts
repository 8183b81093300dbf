import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import { addTrust } from '../../src/kdc/trust.ts';
import { AD_FX_FAST_USED, AD_IF_RELEVANT } from '../../src/messages/authorization.ts';
import {
  KDC_ERR_MUST_USE_USER2USER,
  KDC_ERR_POLICY,
  KDC_ERR_PREAUTH_REQUIRED,
  KDC_ERR_SERVICE_REVOKED,
  KRB_AP_ERR_MODIFIED,
} from '../../src/messages/error-codes.ts';
import { PRE_AUTHENT, RENEW, RENEWABLE } from '../../src/messages/flags.ts';
import { tgsPrincipal } from '../../src/messages/principal.ts';
import { AuthorizationData } from '../../src/messages/types.ts';
import {
  addPrincipal,
  asRequest,
  createLab,
  DAY,
  foreignTgt,
  forgedTicket,
  fromNow,
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
} from './support.ts';

describe('a ticket for a principal that has been locked', () => {
  it('of another realm, brings no more, nor does any other of that realm', () => {
    const lab = createLab();
    const key = randomKey(18);
    addTrust(lab.database, REALM, { realm: 'OTHER.TEST', keys: [key] });
    const tgt = foreignTgt(lab, key);
    expect(grantedByTgs(lab, tgt).ticket.crealm).toBe('OTHER.TEST');
    const trust = tgsPrincipal(REALM, 'OTHER.TEST');
    lab.database.update(trust, { disallowServer: true });
    expect(refusalOf(lab, tgsRequest(lab, tgt)).errorCode).toBe(KDC_ERR_MUST_USE_USER2USER);
    lab.database.update(trust, { locked: true });
    expect(refusalOf(lab, tgsRequest(lab, tgt)).errorCode).toBe(KDC_ERR_SERVICE_REVOKED);
  });

  it('is not renewed', () => {
    const lab = createLab();
    const asked = { kdcOptions: RENEWABLE, rtime: fromNow(lab, 7 * DAY) };
    const ticket = grantedByTgs(lab, tgtOf(lab, asked), asked);
    lab.database.update(principal('host/server'), { locked: true });
    const renewal = tgsRequest(lab, ticket, { kdcOptions: RENEW });
    expect(refusalOf(lab, renewal).errorCode).toBe(KDC_ERR_SERVICE_REVOKED);
  });
});

describe('a service that asks for pre-authentication', () => {
  function lab(): Lab {
    const made = createLab();
    addPrincipal(made, 'alice', { requiresPreauth: false });
    addPrincipal(made, 'host/strict', { requiresPreauth: true });
    return made;
  }
  const sname = nameOf('host/strict');

  it('is not for who got a ticket-granting ticket without', () => {
    const made = lab();
    const tgt = grantedByAs(made, asRequest(made, {}, []), keyOf(made, 'alice'));
    expect(tgt.ticket.flags & PRE_AUTHENT).toBe(0);
    expect(refusalOf(made, tgsRequest(made, tgt, { sname })).errorCode).toBe(KDC_ERR_POLICY);
    expect(grantedByTgs(made, tgt).part.sname).toEqual(nameOf('host/server'));
    expect(grantedByTgs(made, tgtOf(made), { sname }).part.sname).toEqual(sname);
  });

  it('is not to be had from the AS exchange without', () => {
    const made = lab();
    expect(refusalOf(made, asRequest(made, { sname }, [])).errorCode).toBe(KDC_ERR_PREAUTH_REQUIRED);
    expect(grantedByAs(made, asRequest(made, { sname })).part.sname).toEqual(sname);
  });
});

describe('a request that says that it came within FAST, and does not', () => {
  const said = { adType: AD_FX_FAST_USED, adData: new Uint8Array(0) };
  const wrapped = { adType: AD_IF_RELEVANT, adData: AuthorizationData.encode([said]) };

  it.each([
    ['plainly', said],
    ['in a container', wrapped],
  ])('is refused: %s', (_, element) => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    const authenticator = { authorizationData: [element] };
    expect(refusalOf(lab, tgsRequest(lab, tgt, {}, { authenticator })).errorCode).toBe(KRB_AP_ERR_MODIFIED);
    const ticket = forgedTicket(lab, tgt, { authorizationData: [element] });
    expect(refusalOf(lab, tgsRequest(lab, tgt, {}, { ticket })).errorCode).toBe(KRB_AP_ERR_MODIFIED);
  });
});
