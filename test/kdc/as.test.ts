import { describe, expect, it } from 'vitest';
import { verifyChecksum } from '../../src/crypto/checksum.ts';
import { randomKey } from '../../src/crypto/key.ts';
import {
  KDC_ERR_BADOPTION,
  KDC_ERR_C_PRINCIPAL_UNKNOWN,
  KDC_ERR_CLIENT_REVOKED,
  KDC_ERR_ETYPE_NOSUPP,
  KDC_ERR_KEY_EXPIRED,
  KDC_ERR_MUST_USE_USER2USER,
  KDC_ERR_NAME_EXP,
  KDC_ERR_PREAUTH_FAILED,
  KDC_ERR_PREAUTH_REQUIRED,
  KDC_ERR_S_PRINCIPAL_UNKNOWN,
  KDC_ERR_SERVICE_EXP,
  KDC_ERR_SERVICE_REVOKED,
  KRB_AP_ERR_SKEW,
} from '../../src/messages/error-codes.ts';
import {
  ALLOW_POSTDATE,
  ENC_PA_REP,
  ENC_TKT_IN_SKEY,
  FORWARDABLE,
  FORWARDED,
  INITIAL,
  MAY_POSTDATE,
  OK_AS_DELEGATE,
  PRE_AUTHENT,
  PROXIABLE,
  PROXY,
  RENEW,
  REQUEST_ANONYMOUS,
  VALIDATE,
} from '../../src/messages/flags.ts';
import {
  KU_AS_REQ_CKSUM,
  PA_ENC_TIMESTAMP,
  PA_ETYPE_INFO,
  PA_ETYPE_INFO2,
  PA_FX_FAST,
  PA_PW_SALT,
  PA_REQ_ENC_PA_REP,
} from '../../src/messages/numbers.ts';
import { EtypeInfo, EtypeInfo2 } from '../../src/messages/preauth-data.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { Checksum, MethodData } from '../../src/messages/types.ts';
import {
  addPrincipal,
  asRequest,
  createLab,
  fromNow,
  grantedByAs,
  HOUR,
  keyOf,
  nameOf,
  principal,
  REALM,
  refusalOf,
  tgtOf,
  timestamp,
} from './support.ts';

describe('an AS-REP', () => {
  it('brings a ticket-granting ticket to who proves to know the key', () => {
    const lab = createLab();
    const { reply, part, ticket } = tgtOf(lab, { nonce: 4711 });
    expect(reply).toMatchObject({ crealm: REALM, cname: nameOf('alice') });
    expect(part).toMatchObject({
      nonce: 4711,
      srealm: REALM,
      sname: nameOf(`krbtgt/${REALM}`),
      authtime: lab.now(),
      starttime: lab.now(),
      endtime: fromNow(lab, 10 * HOUR),
      flags: INITIAL | PRE_AUTHENT,
    });
    expect(part.renewTill).toBeUndefined();
    expect(ticket).toMatchObject({ crealm: REALM, cname: nameOf('alice'), key: part.key, flags: part.flags });
    expect(ticket.transited).toEqual({ trType: 1, contents: new Uint8Array(0) });
  });

  it('is for any service of the realm', () => {
    const lab = createLab();
    expect(tgtOf(lab, { sname: nameOf('host/server') }).part.sname).toEqual(nameOf('host/server'));
  });

  it('says how the client makes its key', () => {
    const lab = createLab();
    lab.database.add(principal('bob'), {
      password: 'pw',
      enctypes: [20, 18],
      salt: 'pepper',
      iterations: 40_000,
    });
    const request = asRequest(lab, { cname: nameOf('bob'), etype: [18, 20] });
    const { padata } = grantedByAs(lab, request, keyOf(lab, 'bob')).reply;
    expect(padata?.map(({ padataType }) => padataType)).toEqual([PA_ETYPE_INFO2]);
    expect(EtypeInfo2.decode(padata![0]!.padataValue)).toEqual([
      { etype: 18, salt: 'pepper', s2kparams: Uint8Array.of(0, 0, 0x9c, 0x40) },
    ]);
  });

  it('proves which request it answers where the client asks for it', () => {
    const lab = createLab();
    const ask = { padataType: PA_REQ_ENC_PA_REP, padataValue: new Uint8Array(0) };
    const request = asRequest(lab, {}, [timestamp(lab), ask]);
    const { part } = grantedByAs(lab, request);
    expect(part.flags & ENC_PA_REP).toBeTruthy();
    const proof = part.encryptedPaData?.find(({ padataType }) => padataType === PA_REQ_ENC_PA_REP);
    const sum = Checksum.decode(proof!.padataValue);
    expect(verifyChecksum(keyOf(lab, 'alice'), KU_AS_REQ_CKSUM, request, sum)).toBe(true);
  });

  it('tells the earlier of the ends of the account and of the password', () => {
    const lab = createLab();
    addPrincipal(lab, 'alice', { expiration: fromNow(lab, 1000), passwordExpiration: fromNow(lab, 500) });
    expect(tgtOf(lab).part.keyExpiration).toEqual(fromNow(lab, 500));
  });

  it('is not pre-authenticated where the principal or the realm does not ask for it', () => {
    const lab = createLab({ requiresPreauth: false });
    expect(grantedByAs(lab, asRequest(lab, {}, [])).part.flags).toBe(INITIAL);
    const strict = createLab();
    addPrincipal(strict, 'alice', { requiresPreauth: false });
    expect(grantedByAs(strict, asRequest(strict, {}, [])).part.flags).toBe(INITIAL);
  });

  it('has the flags asked for and the addresses', () => {
    const lab = createLab();
    const addresses = [{ addrType: 2, address: Uint8Array.of(10, 0, 0, 1) }];
    const { part, ticket } = tgtOf(lab, { kdcOptions: FORWARDABLE | PROXIABLE | ALLOW_POSTDATE, addresses });
    expect(part.flags).toBe(INITIAL | PRE_AUTHENT | FORWARDABLE | PROXIABLE | MAY_POSTDATE);
    expect(part.caddr).toEqual(addresses);
    expect(ticket.caddr).toEqual(addresses);
  });

  it('lacks the flags that client or service may not have', () => {
    const lab = createLab();
    addPrincipal(lab, 'alice', { disallowForwardable: true });
    addPrincipal(lab, 'host/server', { disallowProxiable: true, okAsDelegate: true });
    const options = { kdcOptions: FORWARDABLE | PROXIABLE, sname: nameOf('host/server') };
    expect(tgtOf(lab, options).part.flags).toBe(INITIAL | PRE_AUTHENT | OK_AS_DELEGATE);
  });

  it('has a fresh session key', () => {
    const lab = createLab();
    expect(tgtOf(lab).part.key).not.toEqual(tgtOf(lab).part.key);
  });
});

describe('the choice of enctypes', () => {
  it('takes the first of the request for the reply, the best of the service for the ticket', () => {
    const lab = createLab();
    addPrincipal(lab, 'alice', {}, [17, 18]);
    addPrincipal(lab, 'host/server', {}, [20, 19, 17]);
    const { reply, part } = tgtOf(lab, { sname: nameOf('host/server'), etype: [18, 17, 19] });
    expect(reply.encPart.etype).toBe(18);
    expect(Ticket.decode(reply.ticket).encPart.etype).toBe(20);
    expect(part.key.keytype).toBe(17);
  });

  it('takes session keys of what the service is said to know', () => {
    const lab = createLab();
    addPrincipal(lab, 'host/server', { sessionEnctypes: [25] });
    expect(tgtOf(lab, { sname: nameOf('host/server'), etype: [18, 25] }).part.key.keytype).toBe(25);
  });

  it('refuses where nothing is in common', () => {
    const lab = createLab();
    expect(refusalOf(lab, asRequest(lab, { etype: [16, 3, 99] })).errorCode).toBe(KDC_ERR_ETYPE_NOSUPP);
    expect(refusalOf(lab, asRequest(lab, { etype: [] })).errorCode).toBe(KDC_ERR_ETYPE_NOSUPP);
    // 19 would do for the session key, but alice has no such key
    expect(refusalOf(lab, asRequest(lab, { etype: [19] })).eText).toBe('CANT_FIND_CLIENT_KEY');
  });

  it('never falls to RC4 unless a principal was given such keys', () => {
    const lab = createLab();
    expect(refusalOf(lab, asRequest(lab, { etype: [23] })).errorCode).toBe(KDC_ERR_ETYPE_NOSUPP);
    addPrincipal(lab, 'alice', {}, [23]);
    addPrincipal(lab, 'host/server', {}, [23]);
    const padata = [timestamp(lab, 'alice', { key: keyOf(lab, 'alice', 23) })];
    const request = asRequest(lab, { etype: [23], sname: nameOf('host/server') }, padata);
    expect(grantedByAs(lab, request, keyOf(lab, 'alice', 23)).part.key.keytype).toBe(23);
  });
});

describe('pre-authentication', () => {
  it('is asked for with what the client needs', () => {
    const lab = createLab();
    lab.database.add(principal('bob'), { password: 'pw', enctypes: [20, 18, 17] });
    const request = asRequest(lab, { cname: nameOf('bob'), etype: [17, 16, 18, 17, 19, 18] }, []);
    const error = refusalOf(lab, request);
    expect(error).toMatchObject({ errorCode: KDC_ERR_PREAUTH_REQUIRED, crealm: REALM, cname: nameOf('bob') });
    const methods = MethodData.decode(error.eData!);
    expect(methods.map(({ padataType }) => padataType)).toEqual([
      PA_ETYPE_INFO2,
      PA_FX_FAST,
      PA_ENC_TIMESTAMP,
    ]);
    const salt = `${REALM}bob`;
    expect(EtypeInfo2.decode(methods[0]!.padataValue)).toEqual([
      { etype: 17, salt },
      { etype: 18, salt },
    ]);
  });

  it('tells a client of nothing but RC4 in the old ways, too', () => {
    const lab = createLab();
    lab.database.add(principal('old'), { password: 'pw', enctypes: [23] });
    addPrincipal(lab, 'host/server', {}, [23]);
    const request = asRequest(lab, { cname: nameOf('old'), sname: nameOf('host/server'), etype: [23] }, []);
    const methods = MethodData.decode(refusalOf(lab, request).eData!);
    const value = (type: number) => methods.find(({ padataType }) => padataType === type)!.padataValue;
    expect(EtypeInfo.decode(value(PA_ETYPE_INFO))).toEqual([
      { etype: 23, salt: Uint8Array.from(Buffer.from(`${REALM}old`)) },
    ]);
    expect(Buffer.from(value(PA_PW_SALT)).toString()).toBe(`${REALM}old`);
  });

  it('fails with another key and with junk', () => {
    const lab = createLab();
    const wrong = timestamp(lab, 'alice', { key: randomKey(18) });
    const junk = { padataType: PA_ENC_TIMESTAMP, padataValue: Uint8Array.of(1, 2, 3) };
    for (const padata of [wrong, junk]) {
      const error = refusalOf(lab, asRequest(lab, {}, [padata]));
      expect(error.errorCode).toBe(KDC_ERR_PREAUTH_FAILED);
      expect(MethodData.decode(error.eData!).map(({ padataType }) => padataType)).toContain(PA_ETYPE_INFO2);
    }
  });

  it('fails even where none is required', () => {
    const lab = createLab({ requiresPreauth: false });
    const wrong = timestamp(lab, 'alice', { key: randomKey(18) });
    expect(refusalOf(lab, asRequest(lab, {}, [wrong])).errorCode).toBe(KDC_ERR_PREAUTH_FAILED);
  });

  it('is refused with a key of an enctype that the client has none of', () => {
    const lab = createLab();
    const other = timestamp(lab, 'alice', { key: randomKey(19) });
    expect(refusalOf(lab, asRequest(lab, {}, [other])).errorCode).toBe(KDC_ERR_ETYPE_NOSUPP);
  });

  it('is refused when the clocks differ by more than the skew, and taken up to it', () => {
    const lab = createLab({}, { clockskew: 60 });
    for (const offset of [61, -61]) {
      const error = refusalOf(lab, asRequest(lab, {}, [timestamp(lab, 'alice', { offset })]));
      expect(error).toMatchObject({ errorCode: KRB_AP_ERR_SKEW, stime: lab.now() });
    }
    for (const offset of [60, -60]) {
      expect(grantedByAs(lab, asRequest(lab, {}, [timestamp(lab, 'alice', { offset })])).part.flags).toBe(
        INITIAL | PRE_AUTHENT,
      );
    }
  });
});

describe('an AS-REQ is refused', () => {
  it.each([
    ['without a client', { cname: undefined }, KDC_ERR_C_PRINCIPAL_UNKNOWN],
    ['with an unknown client', { cname: nameOf('nobody') }, KDC_ERR_C_PRINCIPAL_UNKNOWN],
    ['in a realm that is not served', { realm: 'ELSEWHERE' }, KDC_ERR_C_PRINCIPAL_UNKNOWN],
    ['without a service', { sname: undefined }, KDC_ERR_S_PRINCIPAL_UNKNOWN],
    ['for an unknown service', { sname: nameOf('host/nowhere') }, KDC_ERR_S_PRINCIPAL_UNKNOWN],
  ])('%s', (_, overrides, code) => {
    const lab = createLab();
    expect(refusalOf(lab, asRequest(lab, overrides, [])).errorCode).toBe(code);
  });

  it.each([
    ['FORWARDED', FORWARDED],
    ['PROXY', PROXY],
    ['RENEW', RENEW],
    ['VALIDATE', VALIDATE],
    ['ENC-TKT-IN-SKEY', ENC_TKT_IN_SKEY],
    ['REQUEST-ANONYMOUS', REQUEST_ANONYMOUS],
  ])('with the option %s', (_, kdcOptions) => {
    const lab = createLab();
    expect(refusalOf(lab, asRequest(lab, { kdcOptions })).errorCode).toBe(KDC_ERR_BADOPTION);
  });

  it.each([
    ['a locked client', 'alice', { locked: true }, KDC_ERR_CLIENT_REVOKED],
    ['a client whose account has ended', 'alice', { expiration: new Date(0) }, KDC_ERR_NAME_EXP],
    [
      'a client whose password has expired',
      'alice',
      { passwordExpiration: new Date(0) },
      KDC_ERR_KEY_EXPIRED,
    ],
    ['a locked service', 'host/server', { locked: true }, KDC_ERR_SERVICE_REVOKED],
    ['a service whose account has ended', 'host/server', { expiration: new Date(0) }, KDC_ERR_SERVICE_EXP],
    ['a service of user-to-user alone', 'host/server', { disallowServer: true }, KDC_ERR_MUST_USE_USER2USER],
  ])('of or for %s', (_, name, policy, code) => {
    const lab = createLab();
    addPrincipal(lab, name, policy);
    expect(refusalOf(lab, asRequest(lab, { sname: nameOf('host/server') })).errorCode).toBe(code);
  });

  it('but not where an expired password is to be changed', () => {
    const lab = createLab();
    addPrincipal(lab, 'alice', { passwordExpiration: fromNow(lab, -1) });
    addPrincipal(lab, 'kadmin/changepw', { passwordChangeService: true });
    expect(tgtOf(lab, { sname: nameOf('kadmin/changepw') }).part.sname).toEqual(nameOf('kadmin/changepw'));
  });

  it('with the names, the realm and the time in the error', () => {
    const lab = createLab();
    lab.advance(0.25);
    const error = refusalOf(
      lab,
      asRequest(lab, { cname: nameOf('nobody'), sname: nameOf('host/server') }, []),
    );
    expect(error).toMatchObject({
      realm: REALM,
      sname: nameOf('host/server'),
      crealm: REALM,
      cname: nameOf('nobody'),
      eText: 'CLIENT_NOT_FOUND',
      susec: 250_000,
    });
  });
});
