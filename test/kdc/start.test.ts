import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { changePassword } from '../../src/ap/change-password.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { renewCredential, validateCredential } from '../../src/client/renew.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import { changePasswordService } from '../../src/kdc/kpasswd/message.ts';
import { type RunningKdc, type StartKdcOptions, startKdc } from '../../src/kdc/start.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { FORWARDABLE, INVALID, PROXIABLE } from '../../src/messages/flags.ts';
import { type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import { hasIpv6 } from '../support/ipv6.ts';

const REALM = 'LAB.TEST';
const alice = parsePrincipal(`alice@${REALM}`);
const service = parsePrincipal(`host/localhost@${REALM}`);

let realm: RunningKdc | undefined;
let clock = Date.UTC(2031, 5, 1);
const now = (): Date => new Date(clock);

afterEach(() => realm?.close());

async function start(options: Partial<StartKdcOptions> = {}): Promise<RunningKdc> {
  realm = await startKdc({
    realm: REALM,
    users: [{ name: 'alice', password: 'wonderland' }],
    services: ['host/localhost'],
    now,
    ...options,
  });
  return realm;
}

function login(kdc: RunningKdc, wishes = {}, password = 'wonderland', client: Principal = alice) {
  return getInitialCredential(
    client,
    { password: async () => password },
    { transport: kdc.transport, now, ...wishes },
  );
}

function lifeOf(credential: Credential): number {
  return (credential.endtime.getTime() - credential.starttime!.getTime()) / 1000;
}

describe('a realm in one process', () => {
  it('gives a user a ticket for a password, and tickets for services with it', async () => {
    const kdc = await start();
    const { credential, padataType } = await login(kdc);
    expect(padataType).toBe(151);
    expect(lifeOf(credential)).toBe(36_000);
    const ticket = await exchangeTgs(
      credential,
      service,
      { kdcOptions: 0 },
      { transport: kdc.transport, now },
    );
    expect(ticket.server).toEqual(service);
    expect(ticket.client).toEqual(alice);
  });

  it.each([17, 18, 19, 20, 25, 26])('speaks enctype %i', async etype => {
    const kdc = await start({ enctypes: [etype] });
    const { credential } = await login(kdc, { enctypes: [etype] });
    const ticket = await exchangeTgs(
      credential,
      service,
      { kdcOptions: 0 },
      { transport: kdc.transport, now },
    );
    expect([credential.key.keytype, ticket.key.keytype]).toEqual([etype, etype]);
  });

  it('proves each reply against what was asked', async () => {
    const kdc = await start();
    const { credential } = await login(kdc, { forwardable: true, proxiable: true, lifetime: 3600 });
    expect(credential.flags & (FORWARDABLE | PROXIABLE)).toBe(FORWARDABLE | PROXIABLE);
    expect(lifeOf(credential)).toBe(3600);
  });

  it('knows a wrong password and an unknown user', async () => {
    const kdc = await start();
    await expect(login(kdc, {}, 'looking-glass')).rejects.toMatchObject({ code: 'PASSWORD_INCORRECT' });
    const nobody = parsePrincipal(`nobody@${REALM}`);
    await expect(login(kdc, {}, 'x', nobody)).rejects.toMatchObject({ code: 'KDC_ERROR', errorCode: 6 });
  });

  it('takes a keytab of its own', async () => {
    const kdc = await start();
    const keytab = kdc.keytab('alice');
    const { credential } = await getInitialCredential(alice, { keytab }, { transport: kdc.transport, now });
    expect(credential.client).toEqual(alice);
  });

  it('has no keytab for a name that it does not know', async () => {
    const kdc = await start();
    const misspelt = expect.objectContaining({
      code: 'PRINCIPAL_UNKNOWN',
      message: `the KDC does not know host/locahlost@${REALM}`,
    });
    expect(() => kdc.keytab('host/localhost', 'host/locahlost')).toThrow(misspelt);
  });

  it.each([
    [
      'a name for the services',
      { services: 'host/localhost' },
      'the users and the services of a realm are arrays',
    ],
    ['text for a user', { users: ['alice:wonderland'] }, "a principal's name is a string"],
    ['a service without a name', { services: [{}] }, "a principal's name is a string"],
    [
      'a password that YAML took for a number',
      { users: [{ name: 'x', password: 1234 }] },
      'a password is a string',
    ],
    ['text for a life', { maxLife: '10h' }, 'maxLife is a number of seconds'],
    ['text for a life of renewals', { maxRenewableLife: '7d' }, 'maxRenewableLife is a number of seconds'],
    [
      "no number for a user's life",
      { users: [{ name: 'x', maxLife: Number.NaN }] },
      'maxLife is a number of seconds',
    ],
    [
      'text for a date',
      { users: [{ name: 'alice', password: 'pw', expiration: '2030-01-31' }] },
      'expiration is a Date',
    ],
    [
      'a date that is none',
      { users: [{ name: 'alice', password: 'pw', passwordExpiration: new Date('x') }] },
      'passwordExpiration is a Date',
    ],
    ['text for the clock skew', { clockskew: '5m' }, 'clockskew is a number of seconds'],
    ['a port that is none', { port: 99_999 }, 'a port is a whole number up to 65535'],
    ['text for the port of passwords', { passwordPort: 'kpasswd' }, 'a port is a whole number up to 65535'],
  ])('is not started with %s', async (_, options, message) => {
    await expect(start(options as never)).rejects.toThrow(new TypeError(message));
  });

  it('answers no request that has been called off, nor one that is while it is held', async () => {
    const kdc = await start({ trouble: { delay: 3600 } });
    const reason = new Error('never mind');
    const off = expect.objectContaining({ code: 'ABORTED', cause: reason });
    await expect(login(kdc, { signal: AbortSignal.abort(reason) })).rejects.toEqual(off);
    const controller = new AbortController();
    const held = login(kdc, { signal: controller.signal });
    controller.abort(reason);
    await expect(held).rejects.toEqual(off);
  });

  it('brings a client whose clock is off in line', async () => {
    const kdc = await start();
    const late = (): Date => new Date(clock - 3_600_000);
    const { kdcOffset } = await login(kdc, { now: late });
    expect(kdcOffset).toBe(3_600_000);
  });

  it('renews tickets until their renewable life ends', async () => {
    const kdc = await start();
    const options = { transport: kdc.transport, now };
    let { credential } = await login(kdc, { renewLifetime: 86_400 });
    const lives: number[] = [];
    for (let i = 0; i < 3; i++) {
      clock += 9 * 3_600_000;
      if (i === 2)
        await expect(renewCredential(credential, options)).rejects.toMatchObject({ errorCode: 32 });
      else credential = await renewCredential(credential, options);
      lives.push(lifeOf(credential));
    }
    expect(lives).toEqual([36_000, 6 * 3600, 6 * 3600]);
  });

  it('validates postdated tickets when their time has come', async () => {
    const kdc = await start();
    const options = { transport: kdc.transport, now };
    const starttime = new Date(clock + 7_200_000);
    const { credential } = await login(kdc, { starttime });
    await expect(validateCredential(credential, options)).rejects.toMatchObject({ errorCode: 33 });
    clock += 7_200_000;
    const valid = await validateCredential(credential, options);
    expect(valid.flags & INVALID).toBe(0);
    expect(valid.starttime).toEqual(starttime);
  });

  it('has the policies it is told', async () => {
    const kdc = await start({
      maxLife: 600,
      maxRenewableLife: 1200,
      requiresPreauth: false,
      users: [{ name: 'alice', password: 'wonderland', maxLife: 60, salt: 'sea', enctypes: [17] }],
      services: [{ name: 'host/localhost', maxLife: 30, enctypes: [17] }, 'x'],
    });
    const { credential, padataType } = await login(kdc, {
      renewLifetime: 86_400,
      server: parsePrincipal(`x@${REALM}`),
    });
    expect(padataType).toBeUndefined();
    expect(lifeOf(credential)).toBe(60);
    expect((credential.renewTill!.getTime() - clock) / 1000).toBe(1200);
    expect(kdc.keytab('host/localhost').map(({ key }) => key.keytype)).toEqual([17]);
  });

  it('can be asked for its own realm alone', async () => {
    const kdc = await start();
    await expect(kdc.transport('ELSEWHERE', new Uint8Array(1))).rejects.toMatchObject({
      code: 'REALM_UNKNOWN',
    });
    await expect(kdc.transport(REALM, new Uint8Array(1))).rejects.toMatchObject({ code: 'KDC_UNREACHABLE' });
  });

  it('tells clients on this machine where it is', async () => {
    const kdc = await start();
    expect(kdc.krb5Conf()).toContain(`\tdefault_realm = ${REALM}\n`);
    expect(kdc.krb5Conf()).toContain(`\t\tkdc = 127.0.0.1:${kdc.port}\n`);
  });

  it.skipIf(!hasIpv6)('tells them so in IPv6, too', async () => {
    const kdc = await start({ host: '::1' });
    expect(kdc.krb5Conf()).toContain(`\t\tkdc = [::1]:${kdc.port}\n`);
  });

  it('takes no socket where it does not listen', async () => {
    const sockets = vi.fn();
    subscribe('udp.socket', sockets);
    onTestFinished(() => void unsubscribe('udp.socket', sockets));
    const kdc = await start({ listen: false, passwordPort: 0, kkdcp: {} });
    const { credential } = await login(kdc, { server: changePasswordService(REALM) });
    expect(credential.client).toEqual(alice);
    expect(await changePassword(credential, 'looking glass', kdc)).toMatchObject({ status: 'changed' });
    expect([kdc.port, kdc.passwordPort, kdc.kkdcpUrl]).toEqual([0, undefined, undefined]);
    expect(() => kdc.krb5Conf()).toThrow(/does not listen/);
    expect(sockets).not.toHaveBeenCalled();
    await kdc.close();
    await start();
    expect(sockets).toHaveBeenCalledOnce();
  });

  it('ends with the scope that it was made for', async () => {
    const kdc = await start();
    await kdc[Symbol.asyncDispose]();
    const again = await startKdc({ realm: REALM, port: kdc.port });
    await again.close();
  });
});

it('does not start without the name of a realm', async () => {
  await expect(start({ realm: '' })).rejects.toThrow(TypeError);
});
