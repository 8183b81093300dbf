import { afterEach, describe, expect, it } from 'vitest';
import { changePassword } from '../../src/ap/change-password.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { changePasswordService } from '../../src/kdc/kpasswd/message.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { type Principal, parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';

const REALM = 'LAB.TEST';
const alice = parsePrincipal(`alice@${REALM}`);
const admin = parsePrincipal(`admin@${REALM}`);
const bob = parsePrincipal('bob@OTHER.TEST');

const running: RunningKdc[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(kdc => kdc.close()));
});

async function start(): Promise<RunningKdc> {
  const kdc = await startKdc({
    realm: REALM,
    users: [
      { name: 'alice', password: 'first' },
      { name: 'admin', password: 'first', setsPasswords: true },
    ],
    realms: [{ realm: 'OTHER.TEST', users: [{ name: 'bob', password: 'first' }] }],
    passwordPort: 0,
    listen: false,
    enctypes: [18],
  });
  running.push(kdc);
  return kdc;
}

async function ticketOf(kdc: RunningKdc, client: Principal): Promise<Credential> {
  const { credential } = await getInitialCredential(
    client,
    { password: async () => 'first' },
    { transport: kdc.transport, now: kdc.now, server: changePasswordService(REALM) },
  );
  return credential;
}

function change(kdc: RunningKdc, credential: Credential, target?: Principal) {
  return changePassword(credential, 'second', { transport: kdc.transport, now: kdc.now, target });
}

describe('a password is not set', () => {
  it('with the ticket of who had the name before', async () => {
    const kdc = await start();
    const ticket = await ticketOf(kdc, alice);
    kdc.database.remove(alice);
    kdc.advance(2);
    const { keys } = kdc.database.add(alice, { password: 'another' });
    expect(await change(kdc, ticket)).toMatchObject({ status: 'rejected', result: 'Access denied' });
    expect(kdc.database.find(alice.components, REALM)?.keys).toEqual(keys);
  });

  it('with a ticket that was had by a former password, and laid in', async () => {
    const kdc = await start();
    const service = changePasswordService(REALM);
    const { policy } = kdc.database.find(service.components, REALM)!;
    // As a database of MIT's has it.
    kdc.database.update(service, { disallowRenewable: undefined, maxLife: 3600 });
    expect(policy).toMatchObject({ disallowRenewable: true, disallowPostdated: true });
    const ticket = await ticketOf(kdc, alice);
    kdc.advance(60);
    const { keys } = kdc.database.addKeys(
      alice,
      { password: 'another' },
      { policy: { passwordChanged: kdc.now() } },
    );
    kdc.advance(600);
    expect(await change(kdc, ticket)).toMatchObject({
      status: 'rejected',
      result: 'Initial password required',
    });
    expect(kdc.database.find(alice.components, REALM)?.keys).toEqual(keys);
  });

  it('in another realm than that of who has the right, nor is that of a ticket-granting service', async () => {
    const kdc = await start();
    for (const target of [bob, tgsPrincipal(REALM), tgsPrincipal('OTHER.TEST')]) {
      const keys = kdc.database.find(target.components, target.realm)?.keys;
      expect(await change(kdc, await ticketOf(kdc, admin), target)).toMatchObject({
        status: 'rejected',
        result: 'Access denied',
      });
      expect(kdc.database.find(target.components, target.realm)?.keys).toBe(keys);
    }
    expect(await change(kdc, await ticketOf(kdc, admin), alice)).toMatchObject({ status: 'changed' });
  });
});
