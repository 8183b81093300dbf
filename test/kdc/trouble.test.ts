import { afterEach, describe, expect, it } from 'vitest';
import { changePassword } from '../../src/ap/change-password.ts';
import { getInitialCredential, type InitialOptions } from '../../src/client/initial.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import type { Trouble } from '../../src/kdc/trouble.ts';
import {
  KDC_ERR_CLIENT_REVOKED,
  KDC_ERR_ETYPE_NOSUPP,
  KDC_ERR_KEY_EXPIRED,
  KDC_ERR_NAME_EXP,
  KDC_ERR_S_PRINCIPAL_UNKNOWN,
  KDC_ERR_SERVICE_EXP,
  KDC_ERR_SERVICE_REVOKED,
  KRB_ERR_RESPONSE_TOO_BIG,
} from '../../src/messages/error-codes.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import { exchangeUdp } from '../../src/transport/udp.ts';
import { newCache } from '../client/realm.ts';
import { asRequest, createLab } from './support.ts';

const REALM = 'LAB.TEST';
const host = parsePrincipal(`host/localhost@${REALM}`);
let realm: RunningKdc;

afterEach(() => realm.close());

async function start(trouble?: Trouble): Promise<void> {
  realm = await startKdc({
    realm: REALM,
    users: [
      { name: 'alice', password: 'pw', aliases: ['ally'] },
      { name: 'bob', password: 'pw' },
    ],
    services: ['host/localhost'],
    passwordPort: 0,
    trouble,
  });
}

async function login(server?: Principal, now?: () => Date) {
  return loginOf('alice', { server, now: now ?? realm.now });
}

async function loginOf(name: string, options: Partial<InitialOptions> = {}) {
  const { credential } = await getInitialCredential(
    parsePrincipal(`${name}@${REALM}`),
    { password: async () => 'pw' },
    { transport: realm.transport, kdcTimesync: false, now: realm.now, ...options },
  );
  return credential;
}

const errorCode = (code: number) => ({ errorCode: code });

describe('trouble', () => {
  it.each<[Trouble, number]>([
    [{ wrongEnctype: true }, KDC_ERR_ETYPE_NOSUPP],
    [{ revoked: ['alice'] }, KDC_ERR_CLIENT_REVOKED],
    [{ expired: [`alice@${REALM}`] }, KDC_ERR_NAME_EXP],
    [{ passwordExpired: ['alice'] }, KDC_ERR_KEY_EXPIRED],
    [{ revoked: [`krbtgt/${REALM}`] }, KDC_ERR_SERVICE_REVOKED],
    [{ expired: [`krbtgt/${REALM}`] }, KDC_ERR_SERVICE_EXP],
  ])('%j is the error %i, until it ends', async (trouble, code) => {
    await start(trouble);
    await expect(login()).rejects.toMatchObject(errorCode(code));
    realm.cause();
    await login();
    realm.cause(trouble);
    await expect(login()).rejects.toMatchObject(errorCode(code));
  });

  it.each<[Trouble, number]>([
    [{ revoked: ['alice'] }, KDC_ERR_CLIENT_REVOKED],
    [{ expired: ['ally'] }, KDC_ERR_NAME_EXP],
  ])(
    '%j meets the account under every name, within FAST, and with the tickets that it has',
    async (trouble, code) => {
      await start();
      const { transport, now } = realm;
      const [cache, armor] = [newCache(), newCache()];
      const [tgt, bobs] = [await login(), await loginOf('bob')];
      await cache.initialize({ principal: tgt.client, credentials: [tgt] });
      await armor.initialize({ principal: bobs.client, credentials: [bobs] });
      realm.cause(trouble);
      await expect(loginOf('ally')).rejects.toMatchObject(errorCode(code));
      await expect(loginOf('alice', { armor: { cache: armor } })).rejects.toMatchObject(errorCode(code));
      await expect(getServiceCredential(cache, host, { transport, now })).rejects.toMatchObject(
        errorCode(code),
      );
    },
  );

  it('of an account meets a change of its password, too', async () => {
    await start();
    const credential = await login(parsePrincipal(`kadmin/changepw@${REALM}`));
    realm.cause({ revoked: ['alice'] });
    const { transport, now } = realm;
    expect(await changePassword(credential, 'new', { transport, now })).toMatchObject({
      status: 'rejected',
      text: 'Your account is locked or has ended.',
    });
    realm.cause();
    expect(await changePassword(credential, 'new', { transport, now })).toMatchObject({ status: 'changed' });
  });

  it('of an expired password lets it be changed', async () => {
    await start({ passwordExpired: ['alice'] });
    await login(parsePrincipal(`kadmin/changepw@${REALM}`));
  });

  it('spares others', async () => {
    await start({ revoked: ['bob'], expired: ['bob'] });
    await login();
  });

  it('of the clock is a skew for those who go by another', async () => {
    await start({ clockSkew: 1000 });
    await expect(login(undefined, () => new Date())).rejects.toMatchObject({ code: 'REPLY_SKEW' });
    realm.cause({ clockSkew: -1000 });
    await expect(login(undefined, () => new Date())).rejects.toMatchObject({ code: 'REPLY_SKEW' });
    realm.cause({ clockSkew: 200 });
    await login(undefined, () => new Date());
  });

  it('drops so many requests', async () => {
    await start({ drop: 2 });
    for (let i = 0; i < 2; i++) await expect(login()).rejects.toMatchObject({ code: 'KDC_UNREACHABLE' });
    await login();
  });

  it('holds replies back', async () => {
    await start({ delay: 0.2 });
    const began = performance.now();
    await login();
    expect(performance.now() - began).toBeGreaterThan(390);
  });

  it('ends the KDC after so many requests', async () => {
    await start({ dieAfter: 3 });
    await login();
    await expect(login()).rejects.toMatchObject({ code: 'KDC_UNREACHABLE' });
    realm.cause();
    await realm.close();
  });

  it('lets nothing fit a datagram', async () => {
    await start({ tooBig: true });
    const request = asRequest(createLab(), {}, []);
    const target = { protocol: 'udp' as const, host: realm.host, port: realm.port };
    const reply = await exchangeUdp(target, request, {
      signal: AbortSignal.timeout(20_000),
      resendAfter: [20],
    });
    expect(KrbError.decode(reply).errorCode).toBe(KRB_ERR_RESPONSE_TOO_BIG);
    await login();
  });

  it('refers in circles', async () => {
    await start({ referralLoop: 'nowhere.test' });
    const cache = newCache();
    const tgt = await login();
    await cache.initialize({ principal: tgt.client, credentials: [tgt] });
    const { transport, now } = realm;
    const lost = parsePrincipal('host/www.nowhere.test@');
    const asked: string[] = [];
    const counted: typeof transport = (to, request) => {
      asked.push(to);
      return transport(to, request);
    };
    await expect(getServiceCredential(cache, lost, { transport: counted, now })).rejects.toThrow();
    expect(asked).toContain(`HERE.${REALM}`);
    expect(asked).toContain(`THERE.${REALM}`);
    expect(realm.krb5Conf()).toContain(`HERE.${REALM} = {`);
  });
});

it.each([
  [{ clockSkew: '1h' }, 'clockSkew is a number of seconds'],
  [{ delay: Number.NaN }, 'delay is a number of seconds'],
  [{ revoked: 'alice' }, 'revoked is a list of names'],
])('%j is no trouble that can be caused', async (trouble, message) => {
  await start();
  const none = trouble as unknown as Trouble;
  expect(() => realm.cause(none)).toThrow(new TypeError(message));
  await expect(startKdc({ realm: REALM, trouble: none })).rejects.toThrow(new TypeError(message));
  await login();
});

describe('time', () => {
  it('goes by in numbers alone', async () => {
    await start();
    expect(() => realm.advance('1h' as unknown as number)).toThrow(TypeError);
    await login();
  });

  it('goes by without waiting', async () => {
    await start();
    const cache = newCache();
    const tgt = await login();
    await cache.initialize({ principal: tgt.client, credentials: [tgt] });
    const { transport } = realm;
    const stopped = realm.now();
    realm.advance(36_001);
    expect(realm.now().getTime() - stopped.getTime()).toBeGreaterThanOrEqual(36_001_000);
    await expect(getServiceCredential(cache, host, { transport, now: realm.now })).rejects.toThrow(
      /expired/i,
    );
    await expect(login(undefined, () => stopped)).rejects.toMatchObject({ code: 'REPLY_SKEW' });
    realm.advance(-36_001);
    await getServiceCredential(cache, host, { transport, now: () => stopped });
  });
});

it('is none where nothing is asked for', async () => {
  await start({});
  await expect(login(parsePrincipal(`host/nobody@${REALM}`))).rejects.toMatchObject(
    errorCode(KDC_ERR_S_PRINCIPAL_UNKNOWN),
  );
});
