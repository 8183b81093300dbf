import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Secret } from '../../src/client/secret.ts';
import { randomKey } from '../../src/crypto/key.ts';
import type { KeytabEntry } from '../../src/keytab/keytab.ts';
import {
  FORWARDABLE,
  INITIAL,
  INVALID,
  PRE_AUTHENT,
  PROXIABLE,
  RENEWABLE,
} from '../../src/messages/flags.ts';
import {
  NT_ENTERPRISE,
  PA_ENC_TIMESTAMP,
  PA_ETYPE_INFO,
  PA_ETYPE_INFO2,
  PA_FX_COOKIE,
  PA_PW_SALT,
} from '../../src/messages/numbers.ts';
import { EtypeInfo, EtypeInfo2 } from '../../src/messages/preauth-data.ts';
import {
  formatPrincipal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import type { PaData } from '../../src/messages/types.ts';
import {
  alice,
  asReply,
  bodyOf,
  later,
  NOW,
  padataOf,
  passwordKey,
  preauthRequired,
  refusal,
  scripted,
} from '../support/scripted-kdc.ts';
import { login, passwordOf } from './as-support.ts';
import { createTestRealm, host } from './realm.ts';

const HOUR = 3600;
const offerTimestamp: PaData = { padataType: PA_ENC_TIMESTAMP, padataValue: new Uint8Array(0) };
const latin1Salt = Uint8Array.of(0x41, 0xe4, 0xff);

describe('the first ticket', () => {
  it('is got without pre-authentication where the KDC wants none', async () => {
    const realm = createTestRealm({ requiresPreauth: false });
    const { credential, padataType } = await realm.login();
    expect(formatPrincipal(credential.server)).toBe('krbtgt/A.TEST@A.TEST');
    expect(credential.flags & (INITIAL | PRE_AUTHENT)).toBe(INITIAL);
    expect([padataType, realm.transport.count]).toEqual([undefined, 1]);
  });

  it('is got with an encrypted timestamp where the KDC wants one', async () => {
    const realm = createTestRealm();
    const { credential, padataType } = await realm.login();
    expect(credential.flags & PRE_AUTHENT).not.toBe(0);
    expect([padataType, realm.transport.count]).toEqual([PA_ENC_TIMESTAMP, 2]);
  });

  it.each([17, 18, 19, 20, 25, 26])(
    'is got with a password of enctype %i, and the session key too',
    async etype => {
      const realm = createTestRealm();
      realm.database.add(tgsPrincipal('A.TEST'), { random: true, enctypes: [etype] });
      const client = parsePrincipal('only@A.TEST');
      realm.database.add(client, { password: 'alicepw', enctypes: [etype] });
      const { credential, replyEtype } = await realm.login({ enctypes: [etype] }, client);
      expect([credential.key.keytype, replyEtype]).toEqual([etype, etype]);
    },
  );

  it('has the lifetimes and flags that were wished for', async () => {
    const wishes = { lifetime: 2 * HOUR, renewLifetime: 5 * HOUR, forwardable: true, proxiable: true };
    const { credential } = await createTestRealm().login(wishes);
    expect([credential.endtime, credential.renewTill]).toEqual([later(2 * HOUR), later(5 * HOUR)]);
    const flags = FORWARDABLE | PROXIABLE | RENEWABLE;
    expect(credential.flags & flags).toBe(flags);
  });

  it('has none of the flags that nobody wished for', async () => {
    const { credential } = await createTestRealm().login({ lifetime: HOUR });
    expect(credential.flags & (FORWARDABLE | PROXIABLE | RENEWABLE)).toBe(0);
  });

  it('may be postdated, and is invalid then', async () => {
    const { credential } = await createTestRealm().login({ starttime: later(HOUR), lifetime: HOUR });
    expect([credential.starttime, credential.endtime]).toEqual([later(HOUR), later(2 * HOUR)]);
    expect(credential.flags & INVALID).not.toBe(0);
  });

  it('may be for a service', async () => {
    const { credential } = await createTestRealm().login({ server: host });
    expect(credential.server.components).toEqual(['host', 'server']);
  });

  it('is bound to the addresses wished for', async () => {
    const addresses = [{ addrType: 2, address: Uint8Array.of(10, 0, 0, 1) }];
    const { credential } = await createTestRealm().login({ addresses });
    expect(credential.addresses.map(({ address }) => [...address])).toEqual([[10, 0, 0, 1]]);
  });

  it('is got though the clocks differ: the KDC tells its time, and the difference is remembered', async () => {
    const realm = createTestRealm({}, { kdcAhead: 5 * HOUR });
    const { kdcOffset, credential } = await realm.login();
    expect(Math.round(kdcOffset! / 1000)).toBe(5 * HOUR);
    expect(credential.authtime).toEqual(later(5 * HOUR));
  });

  it('lives as long as was wished for by the clock of the KDC', async () => {
    const realm = createTestRealm({}, { kdcAhead: 5 * HOUR });
    const { credential } = await realm.login({ lifetime: HOUR });
    expect(credential.endtime).toEqual(later(6 * HOUR));
  });

  it('is got where the KDC finds our clock wrong only when it sees it', async () => {
    const kdc = scripted(
      preauthRequired([offerTimestamp]),
      refusal(37, { stime: later(900) }),
      asReply({ part: { authtime: later(900) } }),
    );
    await login(kdc);
    expect(kdc.requests).toHaveLength(3);
  });

  it('tells when the password expires', async () => {
    const told = (part: object) => login([asReply({ part })]).then(result => result.passwordExpiration);
    const [account, password] = [later(HOUR), later(2 * HOUR)];
    expect(await told({})).toBeUndefined();
    expect(await told({ keyExpiration: password })).toEqual(password);
    const both = [
      { lrType: 7, lrValue: account },
      { lrType: 6, lrValue: password },
    ];
    expect(await told({ keyExpiration: account, lastReq: both })).toEqual(password);
    expect(await told({ keyExpiration: account, lastReq: both.slice(0, 1) })).toBeUndefined();
  });
});

describe('the key of a password', () => {
  it.each([
    ['ETYPE-INFO2', [info2([{ etype: 18, salt: 'pepper' }])], passwordKey(18, 'pepper')],
    ['ETYPE-INFO', [info([{ etype: 18, salt: latin1Salt }])], passwordKey(18, latin1Salt)],
    ['PW-SALT', [pwSalt('pepper')], passwordKey(18, 'pepper')],
    [
      'ETYPE-INFO2 before the others',
      [pwSalt('x'), info([{ etype: 18 }]), info2([{ etype: 18, salt: 'y' }])],
      passwordKey(18, 'y'),
    ],
    ['its own order of enctypes', [info2([{ etype: 17 }, { etype: 18, salt: 'z' }])], passwordKey(18, 'z')],
    ['a salt of no bytes', [info2([{ etype: 18, salt: '' }])], passwordKey(18, '')],
    [
      'more rounds than usual',
      [info2([{ etype: 18, s2kparams: Uint8Array.of(0, 0, 0x20, 0) }])],
      passwordKey(18, 'A.TESTalice', Uint8Array.of(0, 0, 0x20, 0)),
    ],
    ['an enctype the client has to know of', [info2([{ etype: 1 }, { etype: 20 }])], passwordKey(20)],
  ])('goes by %s', async (_, hints, key) => {
    await login([preauthRequired([offerTimestamp, ...hints]), asReply({ key })]);
    await login([asReply({ key, rep: { padata: hints } })]);
  });

  it('keeps the salt of ETYPE-INFO2 where the reply has only a PW-SALT', async () => {
    const offers = [offerTimestamp, info2([{ etype: 18, salt: 'pepper' }])];
    const reply = asReply({ key: passwordKey(18, 'pepper'), rep: { padata: [pwSalt('old')] } });
    await login([preauthRequired(offers), reply]);
  });

  it('is the only one made: the password is asked for once', async () => {
    const secret = passwordOf();
    await login([preauthRequired([offerTimestamp]), asReply()], {}, { secret });
    expect(secret.asked).toBe(1);
  });

  it('is not asked for before the KDC has answered', async () => {
    const secret = passwordOf();
    await expect(login([refusal(6)], {}, { secret })).rejects.toMatchObject({ errorCode: 6 });
    expect(secret.asked).toBe(0);
  });

  it('is in no error where it stands in the place of the secret', async () => {
    const secret = 'wonderland' as unknown as Secret;
    await expect(login([asReply()], {}, { secret })).rejects.toThrow(/^The secret must be \{ password \}/);
  });

  it('that the KDC refuses is a wrong password', async () => {
    const kdc = [preauthRequired([offerTimestamp]), refusal(24)];
    await expect(login(kdc)).rejects.toMatchObject({ code: 'PASSWORD_INCORRECT' });
  });
});

describe('an AS-REQ', () => {
  it('brings the cookie back', async () => {
    const cookie = { padataType: PA_FX_COOKIE, padataValue: Uint8Array.of(7, 7) };
    const kdc = scripted(preauthRequired([cookie, offerTimestamp]), asReply());
    await login(kdc);
    expect(padataOf(kdc.requests[1]!)).toContainEqual(cookie);
  });

  it('has a nonce of its own each time', async () => {
    const kdc = scripted(preauthRequired([offerTimestamp]), asReply());
    await login(kdc);
    const [first, second] = kdc.requests.map(request => bodyOf(request).nonce);
    expect(first).not.toBe(second);
  });

  it.each([
    [true, 'an alias', 'alice.smith@A.TEST'],
    [true, 'a name in other letters', 'ALICE@A.TEST'],
  ])('may be answered (%s) with the true name of %s', async (canonicalize, _, asked) => {
    const reply = asReply({ rep: { cname: toPrincipalName(alice) }, key: passwordKey(18, 'pepper') });
    const offers = preauthRequired([offerTimestamp, info2([{ etype: 18, salt: 'pepper' }])]);
    const { credential } = await login([offers, reply], { canonicalize }, { client: parsePrincipal(asked) });
    expect(formatPrincipal(credential.client)).toBe('alice@A.TEST');
  });

  it('may be answered with the true name of the realm, that of its sealed server', async () => {
    const sname = toPrincipalName(tgsPrincipal('A.TEST'));
    const reply = asReply({
      rep: { crealm: 'A.TEST' },
      part: { srealm: 'A.TEST', sname },
      key: passwordKey(18, 'pepper'),
    });
    const offers = preauthRequired([offerTimestamp, info2([{ etype: 18, salt: 'pepper' }])]);
    const client = parsePrincipal('alice@a.test');
    const { credential } = await login([offers, reply], { canonicalize: true }, { client });
    expect(formatPrincipal(credential.client)).toBe('alice@A.TEST');
  });

  it('of an enterprise name may always be answered with the true one', async () => {
    const client = parsePrincipal('alice@corp.example', { nameType: NT_ENTERPRISE, defaultRealm: 'A.TEST' });
    const reply = asReply({ rep: { cname: toPrincipalName(alice) }, key: passwordKey(18, 'pepper') });
    const offers = preauthRequired([offerTimestamp, info2([{ etype: 18, salt: 'pepper' }])]);
    const { credential } = await login([offers, reply], {}, { client });
    expect(formatPrincipal(credential.client)).toBe('alice@A.TEST');
  });
});

describe('a keytab', () => {
  const entry = (kvno: number, key = passwordKey(), timestamp = NOW): KeytabEntry => ({
    principal: alice,
    timestamp,
    kvno,
    key: toEncryptionKey(key),
  });
  const other = randomKey(18);

  it('serves instead of a password', async () => {
    await login([preauthRequired([offerTimestamp]), asReply()], {}, { secret: { keytab: [entry(1)] } });
  });

  it('of several key versions is used with the newest', async () => {
    const keytab = [entry(1, other), entry(3), entry(2, other)];
    await login([asReply()], {}, { secret: { keytab } });
  });

  it('whose version of 8 bits has begun anew is used with the newest', async () => {
    const keytab = [entry(255, other, later(-HOUR)), entry(1, passwordKey(), NOW)];
    await login([asReply()], {}, { secret: { keytab } });
  });

  it('asks for the enctypes of its own keys first', async () => {
    const kdc = scripted(asReply({ key: passwordKey(19) }));
    await login(kdc, {}, { secret: { keytab: [entry(1, passwordKey(19))] } });
    expect(bodyOf(kdc.requests[0]!).etype[0]).toBe(19);
  });

  it('is used with a key it has, whatever the KDC would like best', async () => {
    const offers = [offerTimestamp, info2([{ etype: 18 }, { etype: 17 }])];
    const kdc = [preauthRequired(offers), asReply({ key: passwordKey(17) })];
    await login(kdc, {}, { secret: { keytab: [entry(1, passwordKey(17))] } });
  });

  it('without a key of the client is refused before anybody is asked', async () => {
    const kdc = scripted(asReply());
    const keytab = [{ ...entry(1), principal: host }];
    await expect(login(kdc, {}, { secret: { keytab } })).rejects.toMatchObject({ code: 'KEYTAB_NO_KEY' });
    expect(kdc.requests).toHaveLength(0);
  });

  it('with another key than the KDC has failed to pre-authenticate', async () => {
    const kdc = [preauthRequired([offerTimestamp]), refusal(24)];
    const answer = login(kdc, {}, { secret: { keytab: [entry(1, other)] } });
    await expect(answer).rejects.toMatchObject({ code: 'PREAUTH_FAILED' });
  });
});

describe('a login that is called off', () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  it('ends while the password is waited for, whoever else waits by the same signal', async () => {
    const calling = new AbortController();
    const { signal } = calling;
    const logins = Array.from({ length: 20 }, () =>
      login([preauthRequired([offerTimestamp])], { signal }, { secret: { password: never } }),
    );
    const endings = Promise.allSettled(logins);
    setTimeout(() => calling.abort(new Error('enough')), 20);
    for (const ending of await endings) {
      expect(ending).toMatchObject({
        status: 'rejected',
        reason: { code: 'ABORTED', realm: 'A.TEST', cause: { message: 'enough' } },
      });
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('ends while the password is waited for that opens the reply', async () => {
    const signal = AbortSignal.timeout(20);
    const answer = login([asReply()], { signal }, { secret: { password: never } });
    await expect(answer).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('asks for no password at all where it was called off before', async () => {
    const secret = passwordOf();
    const answer = login([asReply()], { signal: AbortSignal.abort() }, { secret });
    await expect(answer).rejects.toMatchObject({ code: 'ABORTED' });
    expect(secret.asked).toBe(0);
  });

  it('leaves nothing on the signal where it was not', async () => {
    const { signal } = new AbortController();
    await createTestRealm().login({ signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('what is no login', () => {
  it.each<[string, object]>([
    ['lifetime', { lifetime: '10h' }],
    ['lifetime', { lifetime: '3600' }],
    ['renewLifetime', { renewLifetime: '7d' }],
    ['renewLifetime', { renewLifetime: Number.NaN }],
    ['clockskew', { clockskew: '5m' }],
    ['clockskew', { clockskew: Number.NaN }],
  ])('is refused: %s in %o', async (name, options) => {
    const answer = login([asReply()], options);
    await expect(answer).rejects.toThrow(new TypeError(`${name} is a number of seconds`));
  });

  it.each<[unknown]>([
    [{ password: 'wonderland' }],
    [{ keytab: 'wonderland' }],
    [{ keytab: { entries: async () => [] } }],
    [{}],
    ['wonderland'],
  ])('is refused in words without the password: %o', async secret => {
    const answer = login([asReply()], {}, { secret: secret as Secret });
    await expect(answer).rejects.toThrow(
      new TypeError('The secret must be { password }, a function, or { keytab }, its entries'),
    );
  });

  it.each([1234, undefined])('is refused: a password that is %s', async password => {
    const secret = { password: async () => password } as unknown as Secret;
    const answer = login([preauthRequired([offerTimestamp])], {}, { secret });
    await expect(answer).rejects.toThrow(new TypeError('a password is a string'));
  });
});

function info2(entries: Parameters<typeof EtypeInfo2.encode>[0]): PaData {
  return { padataType: PA_ETYPE_INFO2, padataValue: EtypeInfo2.encode(entries) };
}

function info(entries: Parameters<typeof EtypeInfo.encode>[0]): PaData {
  return { padataType: PA_ETYPE_INFO, padataValue: EtypeInfo.encode(entries) };
}

function pwSalt(salt: string): PaData {
  return { padataType: PA_PW_SALT, padataValue: Buffer.from(salt) };
}
