import { afterEach, describe, expect, it } from 'vitest';
import { changePassword } from '../../src/ap/change-password.ts';
import { createApReq } from '../../src/ap/initiator.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { KerberosError } from '../../src/errors.ts';
import { changePasswordService } from '../../src/kdc/kpasswd/message.ts';
import { createPasswordServer } from '../../src/kdc/kpasswd.ts';
import { type RunningKdc, type StartKdcOptions, startKdc } from '../../src/kdc/start.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { PaEncTsEnc } from '../../src/messages/preauth-data.ts';
import { type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import { KrbPriv } from '../../src/messages/safe-priv-cred.ts';
import { seal } from '../../src/messages/seal.ts';

const REALM = 'LAB.TEST';
const alice = parsePrincipal(`alice@${REALM}`);
const admin = parsePrincipal(`admin@${REALM}`);
const UDP = { address: '192.0.2.1', port: 464, transport: 'udp' } as const;
const TCP = { ...UDP, transport: 'tcp' } as const;

const running: RunningKdc[] = [];
let log: string[] = [];

afterEach(async () => {
  log = [];
  await Promise.all(running.splice(0).map(kdc => kdc.close()));
});

async function start(options: Partial<StartKdcOptions> = {}): Promise<RunningKdc> {
  const clock = new Date();
  const kdc = await startKdc({
    realm: REALM,
    users: [
      { name: 'alice', password: 'first' },
      { name: 'admin', password: 'first', setsPasswords: true },
    ],
    passwordPort: 0,
    enctypes: [18],
    log: line => log.push(line),
    now: () => clock,
    ...options,
  });
  running.push(kdc);
  return kdc;
}

async function ticketOf(kdc: RunningKdc, client: Principal, password = 'first'): Promise<Credential> {
  const { credential } = await getInitialCredential(
    client,
    { password: async () => password },
    { transport: kdc.transport, now: kdc.now, server: changePasswordService(REALM) },
  );
  return credential;
}

function change(kdc: RunningKdc, credential: Credential, password: string, target?: Principal) {
  return changePassword(credential, password, { transport: kdc.transport, now: kdc.now, target });
}

function frame(version: number, apReq: Uint8Array, rest: Uint8Array): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt16BE(6 + apReq.length + rest.length, 0);
  header.writeUInt16BE(version, 2);
  header.writeUInt16BE(apReq.length, 4);
  return Buffer.concat([header, apReq, rest]);
}

describe('a password server', () => {
  it('changes passwords', async () => {
    const kdc = await start();
    expect(await change(kdc, await ticketOf(kdc, alice), 'second')).toMatchObject({ status: 'changed' });
    expect((await ticketOf(kdc, alice, 'second')).client).toEqual(alice);
  });

  it('answers datagrams with an AP-REQ alone, and never what may be another server’s answer', async () => {
    const kdc = await start();
    const server = createPasswordServer(kdc.kdc, { database: kdc.database });
    const apReq = createApReq(await ticketOf(kdc, alice), { now: kdc.now, subkey: true }).apReq;
    const badVersion = frame(7, apReq, new Uint8Array(9));
    const error = server.handle(badVersion, TCP)!;
    const answer = server.handle(frame(1, apReq, new Uint8Array(9)), UDP)!;
    expect(answer.length).toBeGreaterThan(0);
    for (const forged of [
      badVersion,
      error,
      answer,
      Buffer.from('junk'),
      frame(1, Buffer.from('n'), apReq),
    ]) {
      expect(server.handle(forged, UDP)).toBeUndefined();
    }
  });

  it('tells a client of what cannot be opened', async () => {
    const kdc = await start();
    const request = createApReq(await ticketOf(kdc, alice), {
      now: kdc.now,
      subkey: true,
      sequenceNumber: true,
    });
    const other = seal(PaEncTsEnc, { patimestamp: kdc.now(), pausec: 0 }, randomKey(17), 13);
    const reply = kdc.kdc.handle(request.apReq);
    expect(reply).toBeUndefined();
    const server = createPasswordServer(kdc.kdc, { database: kdc.database, log: line => log.push(line) });
    expect(server.handle(frame(1, request.apReq, KrbPriv.encode({ encPart: other })), UDP)).toBeDefined();
    expect(log.at(-1)).toMatch(
      /^KPASSWD 192\.0\.2\.1: alice@LAB\.TEST: The password could not be changed\. \(/,
    );
  });

  it('tells a client that the database failed, and the log why', async () => {
    const kdc = await start();
    const credential = await ticketOf(kdc, alice);
    const database = {
      ...kdc.database,
      addKeys(): never {
        throw new KerberosError('DATABASE_IO', 'no space left');
      },
    };
    const server = createPasswordServer(kdc.kdc, { database, log: line => log.push(line) });
    const outcome = await changePassword(credential, 'second', {
      transport: async (_, request) => server.handle(request)!,
      now: kdc.now,
    });
    expect(outcome).toMatchObject({ status: 'rejected', soft: false });
    expect(outcome.text).not.toContain('space');
    expect(log.at(-1)).toContain('(no space left)');
  });

  it.each([alice, admin])('takes nothing of one who was locked, nor of one who is no more', async client => {
    const kdc = await start();
    const credential = await ticketOf(kdc, client);
    for (const policy of [
      { locked: true },
      { locked: false, expiration: new Date(kdc.now().getTime() - 1) },
    ]) {
      kdc.database.update(client, policy);
      expect(await change(kdc, credential, 'second', alice)).toMatchObject({ result: 'Access denied' });
    }
    kdc.database.remove(client);
    expect(await change(kdc, credential, 'second', alice)).toMatchObject({ result: 'Access denied' });
  });

  it('unlocks nobody who failed too often and asks for himself', async () => {
    const kdc = await start({ policies: { default: { maxFailures: 1 } } });
    const credential = await ticketOf(kdc, alice);
    await expect(ticketOf(kdc, alice, 'wrong')).rejects.toThrow();
    expect(await change(kdc, credential, 'second')).toMatchObject({ result: 'Access denied' });
    const { failures } = kdc.kdc.state.logins.find(alice);
    expect(failures).toBe(1);
    expect(await change(kdc, await ticketOf(kdc, admin), 'second', alice)).toMatchObject({
      status: 'changed',
    });
    expect((await ticketOf(kdc, alice, 'second')).client).toEqual(alice);
  });

  it('compares passwords with former ones as often as anybody tries, but not in a flood', async () => {
    const kdc = await start({ now: () => new Date(0), policies: { default: { history: 64 } } });
    const attempt = async (password: string) => change(kdc, await ticketOf(kdc, admin), password, alice);
    expect((await attempt('first')).text).toContain('used before');
    expect(await attempt('second')).toMatchObject({ status: 'changed' });
    let attempts = 0;
    let told: { readonly text?: string | undefined };
    do {
      told = await attempt(`number ${attempts++}`);
    } while ('status' in told && told.status === 'changed');
    expect(attempts).toBeGreaterThan(5);
    expect(attempts).toBeLessThan(20);
    expect(told).toMatchObject({ soft: true, text: expect.stringContaining('try again') });
    kdc.advance(10);
    expect(await attempt('last')).toMatchObject({ status: 'changed' });
  });
});
