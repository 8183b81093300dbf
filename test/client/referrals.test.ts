import { describe, expect, it } from 'vitest';
import { getServiceCredential, type ServiceOptions } from '../../src/client/service.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import type { Credential } from '../../src/messages/credential.ts';
import {
  formatPrincipal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import {
  type Answer,
  alice,
  bodyOf,
  later,
  NOW,
  refusal,
  scripted,
  tgsReply,
} from '../support/scripted-kdc.ts';
import { newCache } from './realm.ts';

const HOUR = 3600;
const names = (credentials: readonly Credential[]) =>
  credentials.map(({ server }) => formatPrincipal(server));

describe('the way to other realms', () => {
  const keys = new Map<string, Key>();
  const sessionOf = (realm: string): Key => {
    const key = keys.get(realm) ?? randomKey(18);
    keys.set(realm, key);
    return key;
  };
  /** Each realm's KDC: given what is asked for, the server to grant a ticket for; undefined for one unknown. */
  const world =
    (grants: Readonly<Record<string, (asked: string) => string | undefined>>): Answer =>
    (request, realm) => {
      const { sname } = bodyOf(request);
      const granted = grants[realm]?.(sname!.nameString.join('/'));
      if (granted === undefined) return refusal(7)(request, realm);
      const { components } = parsePrincipal(`${granted}@${realm}`);
      const next = components[0] === 'krbtgt' ? components[1]! : 'service';
      const name = { nameType: 2, nameString: components };
      return tgsReply(sessionOf(realm), { part: { sname: name, key: toEncryptionKey(sessionOf(next)) } })(
        request,
        realm,
      );
    };

  async function ask(server: string, kdc: Answer, options: Partial<ServiceOptions> = {}) {
    const cache = newCache();
    const sname = toPrincipalName(tgsPrincipal('A.TEST'));
    const tgt: Credential = {
      client: alice,
      server: tgsPrincipal('A.TEST'),
      key: toEncryptionKey(sessionOf('A.TEST')),
      authtime: later(0),
      endtime: later(HOUR),
      flags: 0,
      addresses: [],
      authorizationData: [],
      ticket: Ticket.encode({ realm: 'A.TEST', sname, encPart: { etype: 18, cipher: new Uint8Array(40) } }),
      secondTicket: new Uint8Array(0),
      isSkey: false,
    };
    await cache.initialize({ principal: alice, credentials: [tgt] });
    const transport = scripted(kdc);
    const credential = await getServiceCredential(cache, parsePrincipal(server), {
      transport,
      now: () => NOW,
      ...options,
    });
    const { realm, sname: trueName } = Ticket.decode(credential.ticket);
    const kept = names((await cache.load()).credentials).slice(1);
    return {
      name: formatPrincipal(credential.server),
      trueName: `${trueName.nameString.join('/')}@${realm}`,
      kept,
    };
  }

  it('goes through every realm that a KDC refers to', async () => {
    const found = await ask(
      'host/x@',
      world({
        'A.TEST': () => 'krbtgt/B.TEST',
        'B.TEST': () => 'krbtgt/C.TEST',
        'C.TEST': asked => asked,
      }),
    );
    expect(found.trueName).toBe('host/x@C.TEST');
    expect(found.name).toBe('host/x@');
    // What others than the home realm refer to is for this once.
    expect(found.kept).toEqual(['krbtgt/B.TEST@A.TEST', 'host/x@']);
  });

  it('is asked for step by step where the realm is known', async () => {
    const found = await ask(
      'host/x@C.TEST',
      world({
        'A.TEST': () => 'krbtgt/B.TEST',
        'B.TEST': asked => asked,
        'C.TEST': asked => asked,
      }),
    );
    expect(found.trueName).toBe('host/x@C.TEST');
  });

  it('may be what is asked for', async () => {
    const found = await ask(
      'krbtgt/C.TEST@A.TEST',
      world({ 'A.TEST': () => 'krbtgt/B.TEST', 'B.TEST': asked => asked }),
    );
    expect(found).toEqual({
      name: 'krbtgt/C.TEST@A.TEST',
      trueName: 'krbtgt/C.TEST@B.TEST',
      kept: ['krbtgt/B.TEST@A.TEST', 'krbtgt/C.TEST@A.TEST'],
    });
  });

  it('is that of the profile where the KDC knows none', async () => {
    const kdc = world({
      'A.TEST': asked => (asked === 'krbtgt/B.TEST' ? asked : undefined),
      'B.TEST': asked => asked,
      'C.TEST': asked => asked,
    });
    await expect(ask('host/x@C.TEST', kdc)).rejects.toMatchObject({ errorCode: 7 });
    const realmPath = (from: string, to: string) => (from === 'A.TEST' ? [from, 'B.TEST', to] : [from, to]);
    expect((await ask('host/x@C.TEST', kdc, { realmPath })).trueName).toBe('host/x@C.TEST');
  });

  it.each([
    ['in a circle', world({ 'A.TEST': () => 'krbtgt/B.TEST', 'B.TEST': () => 'krbtgt/A.TEST' })],
    ['on the spot', world({ 'A.TEST': () => 'krbtgt/A.TEST' })],
    [
      'without end',
      (() => {
        let count = 0;
        return ((request, realm) =>
          world({ [realm]: () => `krbtgt/R${count++}` })(request, realm)) satisfies Answer;
      })(),
    ],
  ])('is given up where it leads %s', async (_, kdc) => {
    await expect(ask('host/x@', kdc)).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('is not taken where names must be as asked for', async () => {
    const kdc = world({ 'A.TEST': () => 'krbtgt/B.TEST' });
    const asking = ask('host/x@A.TEST', kdc, { canonicalize: false });
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('leads to an alias that is found again by the name asked for', async () => {
    const found = await ask('host/alias@A.TEST', world({ 'A.TEST': () => 'host/true' }));
    expect(found).toEqual({
      name: 'host/alias@A.TEST',
      trueName: 'host/true@A.TEST',
      kept: ['host/alias@A.TEST'],
    });
  });
});
