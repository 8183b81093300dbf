import { describe, expect, it } from 'vitest';
import { makeChecksum } from '../../src/crypto/checksum.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import { HMAC_MD5 } from '../../src/crypto/rc4.ts';
import type { PrincipalPolicy } from '../../src/kdc/policy.ts';
import {
  KDC_ERR_BADOPTION,
  KDC_ERR_C_PRINCIPAL_UNKNOWN,
  KDC_ERR_CLIENT_REVOKED,
  KDC_ERR_NAME_EXP,
  KDC_ERR_POLICY,
  KDC_ERR_SERVER_NOMATCH,
  KDC_ERR_TGT_REVOKED,
  KRB_AP_ERR_BADMATCH,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_TKT_EXPIRED,
} from '../../src/messages/error-codes.ts';
import {
  CNAME_IN_ADDL_TKT,
  ENC_TKT_IN_SKEY,
  FORWARDABLE,
  FORWARDED,
  PROXIABLE,
  RENEWABLE,
} from '../../src/messages/flags.ts';
import type { KdcReqBody } from '../../src/messages/kdc-req.ts';
import type { KrbError } from '../../src/messages/krb-error.ts';
import { NT_ENTERPRISE } from '../../src/messages/numbers.ts';
import { toPrincipalName } from '../../src/messages/principal.ts';
import {
  forUserChecksumInput,
  KU_PA_FOR_USER_CKSUM,
  KU_PA_S4U_X509_USER_REPLY,
  KU_PA_S4U_X509_USER_REQUEST,
  PA_FOR_USER,
  PA_PAC_OPTIONS,
  PA_S4U_X509_USER,
  PaForUser,
  PaPacOptions,
  PaS4uX509User,
  RESOURCE_BASED_CONSTRAINED_DELEGATION,
  S4uUserId,
  USE_REPLY_KEY_USAGE,
} from '../../src/messages/s4u.ts';
import { makeS4uUserChecksum, verifyS4uUserChecksum } from '../../src/messages/s4u-checksum.ts';
import { toKey } from '../../src/messages/seal.ts';
import type { PaData } from '../../src/messages/types.ts';
import {
  addPrincipal,
  createLab,
  DAY,
  forgedTicket,
  fromNow,
  type Granted,
  grantedByTgs,
  HOUR,
  type Lab,
  nameOf,
  principal,
  REALM,
  refusalOf,
  tgsRequest,
  tgtOf,
} from './support.ts';

interface Realm {
  readonly lab: Lab;
  /** The service's own ticket-granting ticket. */
  readonly tgt: Granted;
}

/** A realm with the service `web`, which may go to `db` with the rights given. */
function realm(rights: PrincipalPolicy = {}, alice: PrincipalPolicy = {}): Realm {
  const lab = createLab();
  addPrincipal(lab, 'alice', alice);
  addPrincipal(lab, 'web', { delegatesTo: ['db'], okToAuthAsDelegate: true, ...rights });
  addPrincipal(lab, 'db');
  return { lab, tgt: tgtOf(lab, { cname: nameOf('web'), kdcOptions: FORWARDABLE }) };
}

function forUser(tgt: Granted, name = 'alice', key = toKey(tgt.part.key)): PaData {
  const user = principal(name);
  const input = forUserChecksumInput(user, 'Kerberos');
  const padataValue = PaForUser.encode({
    userName: toPrincipalName(user),
    userRealm: user.realm,
    cksum: makeChecksum(key, KU_PA_FOR_USER_CKSUM, input, HMAC_MD5),
    authPackage: 'Kerberos',
  });
  return { padataType: PA_FOR_USER, padataValue };
}

const NONCE = 4711;

function x509User(key: Key, userId: Partial<S4uUserId> = {}): PaData {
  const bytes = S4uUserId.encode({
    nonce: NONCE,
    cname: nameOf('alice'),
    crealm: REALM,
    options: USE_REPLY_KEY_USAGE,
    ...userId,
  });
  const checksum = makeS4uUserChecksum(key, KU_PA_S4U_X509_USER_REQUEST, bytes);
  return { padataType: PA_S4U_X509_USER, padataValue: PaS4uX509User.encode({ userId: bytes, checksum }) };
}

const SELF = { sname: nameOf('web'), kdcOptions: FORWARDABLE };

/** A ticket of S4U2Self. */
function forSelf({ lab, tgt }: Realm, name = 'alice'): Granted {
  return grantedByTgs(lab, tgt, SELF, { more: [forUser(tgt, name)] });
}

function refusedForSelf({ lab, tgt }: Realm, padata: PaData, asked: Partial<KdcReqBody> = {}): KrbError {
  return refusalOf(lab, tgsRequest(lab, tgt, { ...SELF, ...asked }, { more: [padata] }));
}

describe('a ticket for a service itself', () => {
  it('is in the name of the user, whose ticket it is not', () => {
    const { lab, tgt } = realm();
    const { reply, ticket } = forSelf({ lab, tgt });
    expect(reply).toMatchObject({ crealm: REALM, cname: nameOf('alice') });
    expect(reply.padata).toBeUndefined();
    expect(ticket).toMatchObject({ cname: nameOf('alice'), endtime: tgt.part.endtime });
    expect(ticket.flags & FORWARDABLE).toBeTruthy();
    expect(lab.log.at(-1)).toMatch(
      / ISSUE: .* web@LAB.TEST for web@LAB.TEST, PROTOCOL-TRANSITION s4u-client=alice@LAB.TEST$/,
    );
  });

  it.each([17, 18, 23])('answers the newer form with the true name, under a subkey of enctype %i', etype => {
    const made = realm({}, { aliases: ['al', 'alice@mail.test'] });
    const subkey = randomKey(etype);
    for (const cname of [nameOf('al'), { nameType: NT_ENTERPRISE, nameString: ['alice@mail.test'] }]) {
      const more = [x509User(subkey, { cname })];
      const asked = { ...SELF, nonce: NONCE };
      const { reply, part } = grantedByTgs(made.lab, made.tgt, asked, { more, subkey });
      expect(reply.cname).toEqual(nameOf('alice'));
      const [answer] = reply.padata!;
      const { userId, checksum } = PaS4uX509User.decode(answer!.padataValue);
      expect(S4uUserId.decode(userId)).toMatchObject({ nonce: NONCE, cname: nameOf('alice'), crealm: REALM });
      expect(verifyS4uUserChecksum(subkey, KU_PA_S4U_X509_USER_REPLY, userId, checksum)).toBe(true);
      const sent = PaS4uX509User.decode(more[0]!.padataValue).checksum.checksum;
      const both = [
        { padataType: PA_S4U_X509_USER, padataValue: Uint8Array.of(...sent, ...checksum.checksum) },
      ];
      expect(part.encryptedPaData).toEqual(etype === 23 ? both : undefined);
    }
  });

  it('is not forwardable for a service that may not go on, nor of a user who may not be delegated', () => {
    expect(forSelf(realm({ okToAuthAsDelegate: false })).ticket.flags & FORWARDABLE).toBe(0);
    expect(forSelf(realm({}, { notDelegated: true })).ticket.flags & FORWARDABLE).toBe(0);
    expect(forSelf(realm({}, { disallowForwardable: true })).ticket.flags & FORWARDABLE).toBe(0);
  });

  it('is no longer, and of no other kind, than tickets that the user may have', () => {
    const expectations: readonly (readonly [PrincipalPolicy, number])[] = [
      [{}, FORWARDABLE | PROXIABLE | RENEWABLE],
      [{ disallowRenewable: true }, FORWARDABLE | PROXIABLE],
      [{ disallowProxiable: true }, FORWARDABLE | RENEWABLE],
      [{ notDelegated: true }, RENEWABLE],
    ];
    for (const [policy, flags] of expectations) {
      const { lab } = realm({}, { maxLife: HOUR, maxRenewableLife: 2 * HOUR, ...policy });
      const kdcOptions = FORWARDABLE | PROXIABLE | RENEWABLE;
      const tgt = tgtOf(lab, { cname: nameOf('web'), kdcOptions });
      const { part } = grantedByTgs(lab, tgt, { ...SELF, kdcOptions }, { more: [forUser(tgt)] });
      expect(part.flags & kdcOptions).toBe(flags);
      expect(part.endtime).toEqual(fromNow(lab, HOUR));
      expect(part.renewTill).toEqual(flags & RENEWABLE ? fromNow(lab, 2 * HOUR) : undefined);
    }
  });

  it('is there for a user whose password has expired, and not for one whose account has', () => {
    expect(forSelf(realm({}, { passwordExpiration: new Date(0) })).reply.cname).toEqual(nameOf('alice'));
    for (const [policy, code] of [
      [{ expiration: new Date(0) }, KDC_ERR_NAME_EXP],
      [{ locked: true }, KDC_ERR_CLIENT_REVOKED],
    ] as const) {
      const made = realm({}, policy);
      expect(refusedForSelf(made, forUser(made.tgt)).errorCode).toBe(code);
    }
  });

  it('is refused where the request is not what the service has signed', () => {
    const made = realm();
    const key = toKey(made.tgt.part.key);
    const other = randomKey(18);
    const newer = { nonce: NONCE };
    expect(refusedForSelf(made, forUser(made.tgt, 'alice', other)).errorCode).toBe(KRB_AP_ERR_MODIFIED);
    expect(refusedForSelf(made, x509User(other), newer).errorCode).toBe(KRB_AP_ERR_MODIFIED);
    expect(refusedForSelf(made, x509User(key), { nonce: 1 }).errorCode).toBe(KRB_AP_ERR_MODIFIED);
    const nobody = x509User(key, { cname: undefined });
    expect(refusedForSelf(made, nobody, newer).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
    const both = x509User(key, { subjectCertificate: Uint8Array.of(48, 0) });
    expect(refusedForSelf(made, both, newer).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
    const certified = x509User(key, { cname: undefined, subjectCertificate: Uint8Array.of(48, 0) });
    expect(refusedForSelf(made, certified, newer).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
  });

  it('is not for who had the name that is an alias of the service now', () => {
    const { lab } = realm();
    addPrincipal(lab, 'www');
    const tgt = tgtOf(lab, { cname: nameOf('www'), kdcOptions: FORWARDABLE });
    lab.database.remove(principal('www'));
    addPrincipal(lab, 'web', { aliases: ['www'] });
    expect(refusedForSelf({ lab, tgt }, forUser(tgt)).eText).toBe('S4U_BY_ALIAS');
  });

  it('is for who asks, and nothing else', () => {
    const made = realm();
    const padata = forUser(made.tgt);
    expect(refusedForSelf(made, padata, { sname: nameOf('db') }).errorCode).toBe(KRB_AP_ERR_BADMATCH);
    expect(refusedForSelf(made, padata, { kdcOptions: FORWARDED }).errorCode).toBe(KDC_ERR_BADOPTION);
    const u2u = { kdcOptions: ENC_TKT_IN_SKEY, additionalTickets: [made.tgt.ticketBytes] };
    expect(refusedForSelf(made, padata, u2u).errorCode).toBe(KDC_ERR_BADOPTION);
    expect(refusedForSelf(made, forUser(made.tgt, 'nobody')).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
    expect(refusedForSelf(made, forUser(made.tgt, 'al@B.TEST')).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
  });
});

const BY_RESOURCE: PaData = {
  padataType: PA_PAC_OPTIONS,
  padataValue: PaPacOptions.encode({ flags: RESOURCE_BASED_CONSTRAINED_DELEGATION }),
};

function proxy(evidence: Uint8Array, sname = 'db'): Partial<KdcReqBody> {
  const kdcOptions = CNAME_IN_ADDL_TKT | FORWARDABLE;
  return { sname: nameOf(sname), kdcOptions, additionalTickets: [evidence] };
}

function refusedProxy(
  { lab, tgt }: Realm,
  evidence: Uint8Array,
  sname = 'db',
  more: PaData[] = [],
): KrbError {
  return refusalOf(lab, tgsRequest(lab, tgt, proxy(evidence, sname), { more }));
}

/** Alice's own ticket for `web`. */
function sent({ lab }: Realm, kdcOptions = FORWARDABLE): Granted {
  return grantedByTgs(lab, tgtOf(lab, { kdcOptions }), { sname: nameOf('web'), kdcOptions });
}

describe('a ticket by proxy', () => {
  it('is in the name of who came to the service, by Kerberos or not', () => {
    const made = realm();
    for (const evidence of [sent(made), forSelf(made)]) {
      const { reply, ticket } = grantedByTgs(made.lab, made.tgt, proxy(evidence.ticketBytes));
      expect(reply.cname).toEqual(nameOf('alice'));
      expect(ticket).toMatchObject({ cname: nameOf('alice'), authtime: evidence.ticket.authtime });
      expect(ticket.flags & FORWARDABLE).toBeTruthy();
      expect(made.lab.log.at(-1)).toMatch(
        / web@\S+ for db@\S+, CONSTRAINED-DELEGATION s4u-client=alice@LAB.TEST$/,
      );
    }
  });

  it('ends with the evidence', () => {
    const made = realm();
    const short = { sname: nameOf('web'), kdcOptions: FORWARDABLE, till: fromNow(made.lab, HOUR) };
    const evidence = grantedByTgs(made.lab, tgtOf(made.lab, { kdcOptions: FORWARDABLE }), short);
    const { part } = grantedByTgs(made.lab, made.tgt, proxy(evidence.ticketBytes));
    expect(part.endtime).toEqual(fromNow(made.lab, HOUR));
    made.lab.advance(HOUR);
    expect(refusedProxy(made, evidence.ticketBytes).errorCode).toBe(KRB_AP_ERR_TKT_EXPIRED);
  });

  it('is renewable only if the evidence is, and no longer', () => {
    const made = realm();
    const longer = { kdcOptions: FORWARDABLE | RENEWABLE, rtime: fromNow(made.lab, 6 * DAY) };
    const shorter = { ...longer, rtime: fromNow(made.lab, 3 * DAY) };
    const tgt = tgtOf(made.lab, { ...longer, cname: nameOf('web') });
    const byProxy = (evidence: Granted): Granted => {
      const wish = { ...proxy(evidence.ticketBytes), rtime: longer.rtime };
      return grantedByTgs(made.lab, tgt, { ...wish, kdcOptions: CNAME_IN_ADDL_TKT | RENEWABLE });
    };
    expect(byProxy(sent(made)).ticket.renewTill).toBeUndefined();
    const asked = { ...shorter, sname: nameOf('web') };
    const evidence = grantedByTgs(made.lab, tgtOf(made.lab, longer), asked);
    expect(byProxy(evidence).ticket.renewTill).toEqual(shorter.rtime);
  });

  it('is refused with evidence of who had the name before', () => {
    const made = realm();
    const evidence = sent(made);
    made.lab.advance(60);
    made.lab.database.remove(principal('alice'));
    addPrincipal(made.lab, 'alice');
    expect(refusedProxy(made, evidence.ticketBytes).errorCode).toBe(KDC_ERR_TGT_REVOKED);
    const { ticketBytes } = sent(made);
    expect(grantedByTgs(made.lab, made.tgt, proxy(ticketBytes)).reply.cname).toEqual(nameOf('alice'));
  });

  it('is refused to services that may not, and for services where it may not go', () => {
    const made = realm();
    expect(refusedProxy(made, sent(made).ticketBytes, 'host/server').errorCode).toBe(KDC_ERR_BADOPTION);
    expect(made.lab.log.at(-1)).toMatch(
      / NOT_ALLOWED_TO_DELEGATE: web@.*, CONSTRAINED-DELEGATION s4u-client=alice@/,
    );
    const barred = realm({ delegatesTo: undefined });
    expect(refusedProxy(barred, sent(barred).ticketBytes).errorCode).toBe(KDC_ERR_BADOPTION);
    const tgs = `krbtgt/${REALM}`;
    const bold = realm({ delegatesTo: [tgs] });
    expect(refusedProxy(bold, sent(bold).ticketBytes, tgs).errorCode).toBe(KDC_ERR_POLICY);
  });

  it('needs evidence that is forwardable, for the service that shows it, of a client who is still let in', () => {
    const made = realm();
    expect(refusedProxy(made, sent(made, 0).ticketBytes).errorCode).toBe(KDC_ERR_BADOPTION);
    const elsewhere = grantedByTgs(made.lab, tgtOf(made.lab), { sname: nameOf('db') });
    expect(refusedProxy(made, elsewhere.ticketBytes).errorCode).toBe(KDC_ERR_SERVER_NOMATCH);
    expect(refusedProxy(made, tgtOf(made.lab).ticketBytes).errorCode).toBe(KDC_ERR_SERVER_NOMATCH);
    const none = tgsRequest(made.lab, made.tgt, { ...proxy(new Uint8Array()), additionalTickets: undefined });
    expect(refusalOf(made.lab, none).errorCode).toBe(KDC_ERR_BADOPTION);
    const evidence = sent(made);
    const both = { ...proxy(evidence.ticketBytes), kdcOptions: CNAME_IN_ADDL_TKT | FORWARDED };
    expect(refusalOf(made.lab, tgsRequest(made.lab, made.tgt, both)).errorCode).toBe(KDC_ERR_BADOPTION);
    addPrincipal(made.lab, 'alice', { notDelegated: true });
    expect(refusedProxy(made, evidence.ticketBytes).errorCode).toBe(KDC_ERR_BADOPTION);
    addPrincipal(made.lab, 'alice', { locked: true });
    expect(refusedProxy(made, evidence.ticketBytes).errorCode).toBe(KDC_ERR_CLIENT_REVOKED);
    made.lab.database.remove(principal('alice'));
    expect(refusedProxy(made, evidence.ticketBytes).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
  });

  it('is not to be had by evidence that the service has made or changed with its own key', () => {
    const made = realm();
    const plain = sent(made, 0);
    const flagged = forgedTicket(made.lab, plain, { flags: plain.ticket.flags | FORWARDABLE });
    const named = forgedTicket(made.lab, sent(made), { cname: nameOf('host/server') });
    const bare = forgedTicket(made.lab, sent(made), { authorizationData: undefined });
    for (const forged of [flagged, named]) {
      expect(refusedProxy(made, forged).errorCode).toBe(KRB_AP_ERR_MODIFIED);
    }
    expect(refusedProxy(made, bare).errorCode).toBe(KDC_ERR_BADOPTION);
  });

  it('is there where the other service takes it, whatever the flag of the evidence', () => {
    const made = realm({ delegatesTo: undefined, okToAuthAsDelegate: false, aliases: ['www'] });
    addPrincipal(made.lab, 'db', { acceptsDelegationFrom: ['www'] });
    const { ticketBytes } = forSelf(made);
    const { ticket, part } = grantedByTgs(made.lab, made.tgt, proxy(ticketBytes), { more: [BY_RESOURCE] });
    expect(ticket.cname).toEqual(nameOf('alice'));
    expect(ticket.flags & FORWARDABLE).toBe(0);
    expect(part.encryptedPaData).toEqual([BY_RESOURCE]);
    expect(refusedProxy(made, ticketBytes).errorCode).toBe(KDC_ERR_BADOPTION);
    expect(refusedProxy(made, ticketBytes, 'host/server', [BY_RESOURCE]).errorCode).toBe(KDC_ERR_BADOPTION);
    const sensitive = realm({ delegatesTo: undefined }, { notDelegated: true });
    addPrincipal(sensitive.lab, 'db', { acceptsDelegationFrom: ['web'] });
    const hers = forSelf(sensitive).ticketBytes;
    expect(refusedProxy(sensitive, hers, 'db', [BY_RESOURCE]).errorCode).toBe(KDC_ERR_BADOPTION);
  });
});

describe('a user who may not be delegated', () => {
  it('gets no tickets that others could take along', () => {
    const { lab } = realm({}, { notDelegated: true });
    expect(tgtOf(lab, { kdcOptions: FORWARDABLE }).part.flags & FORWARDABLE).toBe(0);
  });
});
